"""Where the time of one event goes: a budget by stage."""
