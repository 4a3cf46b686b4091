"""Batch scoring: a model's predictions for files of any size, in constant memory, on all cores.

    files ──storage.tables──▶ sections ──▶ workers: read ▶ predict ▶ write a part ──▶ parts, in order ──▶ one output file

job         what is asked, and what came of it
outputs/    CSV, Parquet and JSON lines: written as parts, and put together
shaping     a chunk of a file as what the model takes
answers     what the model answers as columns
scorer      one section: from its bytes to its part
worker      the program of a worker: asks for sections until there are none
crew        the workers, and who hands sections to them
parts       the folder of what is done, which an interrupted job goes on from
batch       all of it together
rays        the same for Ray Data
"""
