"""Insights: counts, figures that stay hidden, effects of nudges, the daily report.

Rules: evidence, metrics, people_figures, small_groups, told_rules, trials
Applied by: insights, round_figures, told_figures, trial_actions
"""
