"""`treering.evaluate`: a model, data and a run brought together; what is found out is worked out in `treering.evaluation`.

evaluate     the call, and what it does in which order
asked        its arguments, checked
table        the data: features, targets, predictions
judged       the model: anything that can be asked for predictions
answers      what the model said, as the rows that are judged
own_metrics  metrics and artifacts that the caller wrote
findings     everything beside the metrics: intervals, slices, groups, value, comparison
pictures     plots and tables of a classifier
artifacts    what the caller gets back
evaluators   who evaluates: the built-in ones, and those of other packages
"""
