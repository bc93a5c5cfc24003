"""The programme report: one page that a coordinator reads and shows, made from rows and published outputs.

`reading` gathers, `page` decides every number (a function of what was gathered), insights/small_groups hides what would point at anybody,
`words` says it in plain English, `charts` draws, `rendering` makes one HTML file that needs nothing else.
"""
