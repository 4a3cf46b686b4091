"""scikit-learn: a classifier, a regressor, a pipeline, clustering, a grid search, and what is measured afterwards."""

import report

tracker = report.tracker()
tracker.sklearn.autolog(max_tuning_runs=2, log_models=False)

from sklearn.cluster import KMeans
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import accuracy_score, mean_squared_error
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

rows, target = load_breast_cancer(return_X_y=True, as_frame=True)
pipeline = make_pipeline(StandardScaler(), LogisticRegression())
pipeline.fit(rows[:400], target[:400])
test, truth = rows[400:], target[400:]
guess = pipeline.predict(test)
accuracy_score(truth, guess)
accuracy_score(truth, y_pred=guess, normalize=False)
pipeline.score(test, truth)

rows, target = load_diabetes(return_X_y=True)
with tracker.start_run():
    line = LinearRegression().fit(rows, target)
    mean_squared_error(target, line.predict(rows))

flowers, kinds = load_iris(return_X_y=True)
forest = RandomForestClassifier(n_estimators=5, random_state=0)
forest.fit(flowers, kinds, sample_weight=kinds + 1.0)
KMeans(n_clusters=2, n_init=1, random_state=0).fit_predict(flowers)
StandardScaler().fit_transform(flowers)
cross_val_score(LogisticRegression(max_iter=500), flowers, kinds, cv=2)
search = GridSearchCV(forest, {"max_depth": [1, 2, 3]}, cv=2, n_jobs=1)
search.fit(flowers, kinds)
report.finish(tracker)
