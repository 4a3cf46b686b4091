"""`treering.evaluate`: a model, data and a run brought together; what is found out is worked out in `treering.evaluation`.

evaluate     the call, and what it does in which order
asked        its arguments, checked
table        the data: features, targets, predictions
judged       the model: anything that can be asked for predictions
answers      what the model said, as the rows that are judged
own_metrics  metrics and artifacts that the caller wrote
findings     everything beside the metrics: intervals, slices, groups, value, comparison
subject      one model beside one table, and what came of it so far
looking      the model asked again, about changed rows: explanation and robustness
pictures     plots and tables of a classifier
recording    everything made first, then written into the run
artifacts    what the caller gets back
evaluators   who evaluates: the built-in ones, and those of other packages
"""
