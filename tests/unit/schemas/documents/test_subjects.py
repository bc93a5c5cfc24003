"""Rules of what a schema registry would be given (schemas/documents/subjects.py)."""

import json

from schemas.documents.subjects import subjects
from schemas.registry import INPUT_TYPES, OUTPUT_TYPES
from schemas.topics import INPUT_TOPICS, OUTPUT_TOPICS, PRIVATE_TOPICS

SUBJECTS = {subject.name: subject for subject in subjects()}


def test_every_type_and_every_topic_has_a_subject() -> None:
    """Types come first, because topics refer to them."""
    topics = [f"{topic.name}-value" for topic in (*INPUT_TOPICS, *OUTPUT_TOPICS, *PRIVATE_TOPICS)]

    assert [*INPUT_TYPES, *OUTPUT_TYPES, *topics] == list(SUBJECTS)


def test_inputs_stay_compatible_backwards_and_outputs_forwards() -> None:
    """Who reads an input is upgraded first, who reads an output last."""
    assert "BACKWARD_TRANSITIVE" == SUBJECTS["hr.people.v1-value"].compatibility
    assert "FORWARD_TRANSITIVE" == SUBJECTS["mentorship.pairings.v1-value"].compatibility


def test_a_subject_has_every_minor_version_in_order() -> None:
    """The registry counts versions from 1 in the order in which they come."""
    bodies = [json.loads(body["schema"]) for body in SUBJECTS["bothways.programme.policy_changed.v1"].bodies]

    assert ["bothways:schema:programme.policy_changed:1.0", "bothways:schema:programme.policy_changed:1.1"] == [
        body["$id"] for body in bodies
    ]


def test_a_topic_refers_to_the_newest_version_of_each_of_its_types() -> None:
    """A reference names a subject, its version there, and the `$id` under which the schema uses it."""
    (body,) = SUBJECTS["mentorship.programmes.v1-value"].bodies
    references = {reference["subject"]: reference for reference in body["references"]}

    used = {choice["$ref"] for choice in json.loads(body["schema"])["anyOf"]}

    assert 2 == references["bothways.programme.policy_changed.v1"]["version"]
    assert used == {reference["name"] for reference in references.values()}
