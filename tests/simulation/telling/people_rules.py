"""What a story may tell of people: hires, lines, leaves and departures, and how they take part."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests import builders
from tests.builders import PROGRAMME, offer, want
from tests.model.standing import LIVE
from tests.simulation.telling.story import Telling, day_offsets, has_pairings, lateness, people, picks


class PeopleRules(Telling):
    """HR's words, and people's own about taking part."""

    @rule(person_id=people, offset=day_offsets, late=lateness, manager_id=st.one_of(st.none(), people))
    def hire(self, person_id: str, offset: int, late: int, manager_id: str | None) -> None:
        """Somebody joins, or joins again."""
        if self._employment(person_id) not in {"active", "on_leave"}:
            day = self._day(offset)
            self._tell(
                builders.hired(person_id, self._then(late), effective_on=day, manager_id=manager_id if manager_id != person_id else None)
            )

    @rule(person_id=people, offset=day_offsets, is_hire_first=st.booleans())
    def change_contract(self, person_id: str, offset: int, is_hire_first: bool) -> None:
        """Somebody leaves one contract and begins another on the same day; the two may arrive in either order."""
        words = [build(person_id, self._now(), effective_on=self._day(offset)) for build in (builders.departed, builders.hired)]
        for word in words[::-1] if is_hire_first else words:
            self._tell(word)

    @rule(person_id=people, manager_id=st.one_of(st.none(), people), offset=day_offsets, late=lateness)
    def change_manager(self, person_id: str, manager_id: str | None, offset: int, late: int) -> None:
        """A new line, cycles included."""
        self._tell(builders.role_changed(person_id, self._then(late), effective_on=self._day(offset), manager_id=manager_id))

    @precondition(has_pairings)
    @rule(pick=picks, side=st.integers(0, 1), is_over=st.booleans(), offset=day_offsets)
    def join_by_a_line(self, pick: int, side: int, is_over: bool, offset: int) -> None:
        """One of a pair begins, or ceases, to report to the other."""
        pair = self._pick(pick, LIVE)[1]["people"]
        manager_id = None if is_over else pair[1 - side]
        self._tell(builders.role_changed(pair[side], self._then(0), effective_on=self._day(offset), manager_id=manager_id))

    @rule(person_id=people, department=st.sampled_from((None, "sales", "legal")), offset=day_offsets, late=lateness)
    def change_department(self, person_id: str, department: str | None, offset: int, late: int) -> None:
        """No rule hangs on it by default."""
        self._tell(builders.role_changed(person_id, self._then(late), effective_on=self._day(offset), department=department))

    @rule(person_id=people, begins=st.booleans(), offset=day_offsets, late=lateness, leave_id=st.sampled_from((None, None, "l1", "l2")))
    def be_away(self, person_id: str, begins: bool, offset: int, late: int, leave_id: str | None) -> None:
        """A leave begins, or ends; several may overlap."""
        build = builders.leave_started if begins else builders.leave_ended
        named = {} if leave_id is None else {"leave_id": leave_id}
        self._tell(build(person_id, self._then(late), effective_on=self._day(offset), **named))

    @rule(person_id=people, offset=day_offsets, late=lateness, word=st.sampled_from(("departed", "departed", "cancelled", "never hired")))
    def depart(self, person_id: str, offset: int, late: int, word: str) -> None:
        """A last day, that it was none after all, or that there never was a first."""
        if word == "departed":
            self._tell(builders.departed(person_id, self._then(late), effective_on=self._day(offset)))
        else:
            build = builders.departure_cancelled if word == "cancelled" else builders.hire_cancelled
            self._tell(build(person_id, self._then(late)))

    @rule(person_id=people, capacity=st.integers(1, 3), exclude=st.lists(people, max_size=1))
    def enrol(self, person_id: str, capacity: int, exclude: list[str]) -> None:
        """Join, or say the whole profile again."""
        if self._employment(person_id) in {"active", "on_leave"}:
            room = max(capacity, self._taken(person_id))
            said = {"exclude": exclude} if exclude else {}
            self._tell(builders.enrolled(person_id, self._now(), capacity=room, **said, **self._profile(person_id)))

    @rule(person_id=people, word=st.sampled_from(("narrow", "withdraw")))
    def turn_away(self, person_id: str, word: str) -> None:
        """Want what nobody teaches, so that an open proposal may be over; or leave the programme."""
        if word == "withdraw":
            self._tell(builders.withdrawn(person_id, self._now()))
        elif (PROGRAMME, person_id) in self._model().enrolled:
            self._tell(builders.updated(person_id, self._now(), capacity=3, offers=[offer("budgeting")], wants=[want("negotiation")]))

    @rule(person_id=people, days=st.sampled_from((None, 1, 2, 5, 0)))
    def pause(self, person_id: str, days: int | None) -> None:
        """A break of one's own, with an end (0: at once) or without."""
        if days == 0:
            self._tell(builders.resumed(person_id, self._now()))
        else:
            self._tell(builders.paused(person_id, self._now(), **({} if days is None else {"until_on": self._day(days)})))
