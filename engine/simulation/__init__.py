"""A synthetic organisation and a simulated programme year, for demonstrations, tests and load.

Everything here is a function of its seed and of the outputs it is shown: no clock, no environment, no files.

    organisation   who there is: people, reporting lines, places, what they offer and want, how they behave
    year           a programme year: people act, and react to what the engine publishes
    load           streams of input events that need no reaction, for benchmarks
    summary        what a coordinator would read about the year
"""
