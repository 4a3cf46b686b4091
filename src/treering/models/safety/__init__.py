"""Reading models that somebody else may have made to do harm.

names      what a pickle may refer to: a list of what is known to be harmless, never of what is known to be bad
reading    an unpickler that keeps to that list
own        which files this user saved, and so may read whatever is in them
tables     what pickles of one flavour may refer to beside
questions  what loading asks beside that: stages (Spark), descriptions (Hugging Face), sessions (ONNX Runtime), H2O, XGBoost
layers, graphs, formulas  code in Keras's, PyTorch's and statsmodels' own descriptions
unpacking  how much an archive may become
scanning   a report of what a file or folder refers to; nothing in it is run
walking    the files inside archives and compressed files, with limits to how much comes out of them
pickled    the names in a pickle, found by building it from stand-ins
"""
