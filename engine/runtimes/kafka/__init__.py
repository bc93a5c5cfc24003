"""The Kafka runtime: the same topology on partitions, exactly once.

A task is one stage and one partition (`task`); what it does with a record is a fold without I/O (`stage_fold`, `intake_fold`); a shell
(`thin`, `faust_shell`) gives it records and a group. `topics` makes and checks what it needs; `wire` is the form of its inboxes.

Source: decisions 0101 to 0104.
"""
