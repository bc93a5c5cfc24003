"""Organisations at random, in which everybody has joined one programme."""

from typing import Any

from hypothesis import strategies as st

from tests import builders
from tests.topology.stories.programme_story import ProgrammeStory

TOPICS = ("python", "data-literacy", "strategy", "negotiation", "future-of-work")
profiles = st.lists(
    st.fixed_dictionaries(
        {
            "offers": st.lists(st.sampled_from(TOPICS), min_size=1, max_size=3, unique=True).map(
                lambda topics: [builders.offer(topic, 1 + len(topic) % 3) for topic in topics]
            ),
            "wants": st.lists(st.sampled_from(TOPICS), min_size=1, max_size=4, unique=True).map(
                lambda topics: [builders.want(topic, 1 + len(topic) % 3, len(topics) % 2) for topic in topics]
            ),
            "experience_band": st.integers(0, 3),
            "capacity": st.integers(1, 2),
            "department": st.sampled_from([None, "sales", "it"]),
            "timezone": st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]),
        }
    ),
    min_size=2,
    max_size=8,
)


def story_of(people: list[dict[str, Any]], **policy: Any) -> ProgrammeStory:
    """Let everybody of a generated organisation join."""
    story = ProgrammeStory(reserve_start=0, reserve_floor=0, training_required=False, **policy)
    for number, person in enumerate(people):
        data = dict(person)
        hr = {name: value for name in ("department", "timezone") if (value := data.pop(name)) is not None}
        story.tell(builders.hired(f"p{number}", story.now, **hr))
        story.tell(builders.enrolled(f"p{number}", story.now, **data))
    return story


def with_two_who_fit(story: ProgrammeStory) -> ProgrammeStory:
    """Let two more join who may pair on any track, so that every round has somebody to propose."""
    story.joins("ann", "strategy", "python", experience_band=3)
    story.joins("bob", "python", "strategy", experience_band=0)
    return story
