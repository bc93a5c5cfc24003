"""The rationing rules that intents of the tests carry: the policy's own, but that nobody is held out."""

from typing import Final

from engine.programme.messages import OutreachTerms

TERMS: Final = OutreachTerms(
    quiet_from="20:00",
    quiet_to="08:00",
    weekend=(6, 7),
    holidays=(),
    daily_cap=3,
    holdout_percent=0,
    soft_landing_days=10,
    policy_version=1,
)
