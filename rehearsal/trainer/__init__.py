"""The simulated trainer: plays what the training processes of a gang would do and report. Nothing is computed.

Time is simulated: one checkpoint interval of the job passes in a few seconds, and a run begins near its end, as if it
had come from a checkpoint, so that a rehearsal sees a run of months finish. What a loss costs stays true: the gang
falls back to its last checkpoint, and the steps since then are done again.
"""
