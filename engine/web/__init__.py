"""HTTP of a running engine: events in, what is published out.

`guarding` decides who may do what and how much, `answering` does it; `routes` is the table of both, from which the application, the OpenAPI
document and docs/http.md are made. A handler holds no rule of the programme: it hands lines and commands to the service, and reads rows
beside it.
"""
