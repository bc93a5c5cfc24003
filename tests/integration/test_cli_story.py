"""The command line from the first event to a pair, through the forms that programs read."""

from base64 import b64decode
from pathlib import Path

import pytest

from tests.integration.command_line import OPENING, PROGRAMME, Bothways, answered, line


@pytest.fixture
def bothways(tmp_path: Path) -> Bothways:
    """Return the command with an empty place for its data."""
    return Bothways(data=tmp_path / "data")


def test_two_enrolments_and_a_round_become_an_active_pair_with_its_nudges(bothways: Bothways) -> None:
    """Two who can teach each other are proposed, both accept, the pair starts, and each hears of it."""
    proposal = bothways.begin_with_a_pair()

    taken = bothways.ingest(answered("ann", proposal, "2025-01-06T10:00:00Z"), answered("ben", proposal, "2025-01-06T11:00:00Z"))

    types = [event["type"] for event in bothways("tail", "mentorship.pairings.v1").lines]
    told = {(event["data"].get("key"), event["data"]["person_id"]) for event in bothways("tail", "mentorship.nudges.v1").lines}
    assert (0, 2) == (taken.code, taken.json["accepted"])
    assert ["bothways.pairing.proposed.v1", "bothways.pairing.activated.v1"] == types
    assert {(key, person) for key in ("proposal_ready", "pairing_started") for person in ("ann", "ben")} <= told
    assert "active" == bothways("inspect", "pairing", proposal["pairing_id"], "--json").json["state"]


def test_the_same_file_twice_changes_nothing(bothways: Bothways, tmp_path: Path) -> None:
    """What was taken once is a duplicate, and counts as nothing else."""
    file = tmp_path / "opening.jsonl"
    file.write_text("\n".join(OPENING))
    bothways("ingest", str(file))
    before = bothways("inspect", "person", "ann", "--json").out

    again = bothways("ingest", str(file), "--json")

    assert 0 == again.code
    assert {"accepted": 0, "duplicates": 5, "dead_lettered": 0}.items() <= again.json.items()
    assert before == bothways("inspect", "person", "ann", "--json").out


BAD_LINES = (
    ("{", "malformed", "dlq.ingest"),
    ('{"specversion":"1.0","id":"1","source":"s","time":"2025-01-06T08:00:00Z","data":{}}', "unknown_type", "dlq.ingest"),
    (line("hr.hired", "2025-01-06T08:00:00", {"person_id": "x", "effective_on": "2024-01-01"}), "schema_invalid", "dlq.hr.people.v1"),
    (line("hr.hired", "2999-01-06T08:00:00Z", {"person_id": "x", "effective_on": "2024-01-01"}), "future_time", "dlq.hr.people.v1"),
    (
        line("round.requested", "2025-01-06T08:00:00Z", {"programme_id": "no"}, actor="desk"),
        "unknown_programme",
        "dlq.mentorship.programmes.v1",
    ),
    (
        line("participation.withdrawn", "2025-01-06T08:00:00Z", {"person_id": "x", "programme_id": "p1"}, actor="y"),
        "not_the_person",
        "dlq.mentorship.participation.v1",
    ),
)


def test_a_bad_line_goes_to_its_dead_letter_topic(bothways: Bothways) -> None:
    """A line that can't be used costs exit code 3 and nothing else: it lands, whole, where its type belongs, with its code."""
    taken = bothways.ingest(*(bad for bad, _, _ in BAD_LINES), OPENING[0])

    letters = [(letter, topic) for topic in sorted({topic for *_, topic in BAD_LINES}) for letter in bothways("tail", topic).lines]
    landed = {(b64decode(letter["value_base64"]).decode(), letter["headers"]["x-error-code"], topic) for letter, topic in letters}
    assert (3, 1, len(BAD_LINES)) == (taken.code, taken.json["accepted"], taken.json["dead_lettered"])
    assert set(BAD_LINES) == landed
    assert {"key", "headers", "value_base64"} == set(letters[0][0])
    assert "" == taken.err


def test_a_dry_run_changes_nothing(bothways: Bothways) -> None:
    """A rehearsed round shows the pair and leaves no byte of it behind; another policy stands beside the current one."""
    bothways.ingest(*OPENING)
    policy = bothways.data / "policy.json"
    policy.write_text('{"cross_department_only": true, "experience_gap_min": 3}')
    before = bothways("verify", "--json").json

    shown = bothways("round", PROGRAMME, "--dry-run", "--json").json
    compared = bothways("round", PROGRAMME, "--dry-run", "--policy", str(policy), "--json").json

    assert (True, [["ann", "ben"]]) == (shown["dry_run"], [pair["people"] for pair in shown["proposals"]])
    assert 1 == compared["with_policy"]["proposed"]
    assert before == bothways("verify", "--json").json


def test_a_pair_can_be_explained_and_its_score_computed_again(bothways: Bothways) -> None:
    """The reasons say what each learns, and give the published score again."""
    proposal = bothways.begin_with_a_pair()

    told = bothways("explain", proposal["pairing_id"], "--check", "--json")

    assert 0 == told.code
    assert told.json["check"]["identical"]
    assert proposal["score"] == told.json["check"]["recomputed"]["score"]
    assert any(sentence.startswith("ann can learn Negotiation from ben") for sentence in told.json["sentences"])


def test_what_is_confidential_is_not_shown(bothways: Bothways) -> None:
    """Nobody reads off a row who accepted, whom somebody excludes, or how few people are in a state."""
    proposal = bothways.begin_with_a_pair()
    before = bothways("inspect", "pairing", proposal["pairing_id"], "--json").json

    bothways.ingest(answered("ann", proposal, "2025-01-06T10:00:00Z"))

    after = bothways("inspect", "pairing", proposal["pairing_id"], "--json").json
    person = bothways("inspect", "person", "ann", "--json").out
    programme = bothways("inspect", "programme", PROGRAMME, "--json").json
    assert before == after
    assert "waiting for answers" == after["answers"]
    assert "somebody" not in person
    assert {None} == set(programme["participants"].values())


def test_everybody_eligible_is_invited_once(bothways: Bothways) -> None:
    """An invitation goes to whoever is active and not in the programme yet, and to nobody twice."""
    bothways.ingest(*OPENING[:3])

    first, second = bothways("invite", PROGRAMME, "--json"), bothways("invite", PROGRAMME, "--json")

    assert (2, 0) == (first.json["invited"], second.json["invited"])


def test_time_moves_by_tick_and_never_back(bothways: Bothways) -> None:
    """A tick fires what waits on the way; one into the past is a no-op."""
    bothways.begin_with_a_pair()

    forward = bothways("tick", "--to", "2025-02-06T00:00:00Z", "--json").json
    back = bothways("tick", "--to", "2025-01-01", "--json").json

    types = [event["type"] for event in bothways("tail", "mentorship.pairings.v1", "--from", "1").lines]
    assert ["bothways.pairing.lapsed.v1"] == types
    assert (0, forward["at"]) == (back["ticks"], back["at"])


def test_a_backup_is_a_data_directory(bothways: Bothways, tmp_path: Path) -> None:
    """A copy opens as a directory of its own and proves itself; a second one does not overwrite it."""
    bothways.begin_with_a_pair()
    copy = Bothways(data=tmp_path / "copy")
    copy.data.mkdir()

    first, second = bothways("backup", str(copy.data / "bothways.db")), bothways("backup", str(copy.data / "bothways.db"))

    assert (0, 1) == (first.code, second.code)
    assert copy("verify", "--json").json["identical"]
