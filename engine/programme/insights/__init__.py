"""Insights: what is counted, which figures stay hidden, whether nudges help, the daily report.

Rules: evidence, metrics, people_figures, small_groups, told_rules, trials
Applied by: insights, round_figures, told_figures, trial_actions
"""
