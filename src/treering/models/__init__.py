"""Models as folders: the MLmodel format, signatures, and one flavour for each framework."""

from importlib import import_module

_CALLS = "treering.client.model_calls"
_EVALUATING = "treering.client.evaluating"
_SERVICES = "treering.serving.services"

# What needs runs and data beside models stands above this floor; it is named here, and loaded by who asks for it.
_TABLE = {
    "BatchResult": "treering.models.scoring.job:BatchResult",
    "BentoModel": f"{_SERVICES}.stored_models:BentoModel",
    "EvaluationArtifact": f"{_EVALUATING}.artifacts:EvaluationArtifact",
    "EvaluationMetric": "treering.evaluation.metric_makers:EvaluationMetric",
    "EvaluationResult": f"{_EVALUATING}.artifacts:EvaluationResult",
    "HuggingFaceModel": f"{_SERVICES}.stored_models:HuggingFaceModel",
    "MetricThreshold": "treering.evaluation.thresholds:MetricThreshold",
    "Model": "treering.client.model_object:Model",
    "ModelConfig": "treering.models.code_models:ModelConfig",
    "ModelSignature": "treering.models.signature:Signature",
    "RayPredictor": "treering.client.ray_scoring:RayPredictor",
    "build_docker": "treering.client.bundles.images:build_docker",
    "convert_input_example_to_serving_input": f"{_CALLS}:convert_input_example_to_serving_input",
    "evaluate": f"{_EVALUATING}.evaluate:evaluate",
    "generate_dockerfile": "treering.client.bundles.images:generate_dockerfile",
    "get_model_info": f"{_CALLS}:get_model_info",
    "infer_pip_requirements": f"{_CALLS}:infer_pip_requirements",
    "infer_signature": "treering.models.signature:infer_signature",
    "list_evaluators": f"{_EVALUATING}.evaluators:list_evaluators",
    "make_metric": "treering.evaluation.metric_makers:make_metric",
    "predict_batch": "treering.client.batch_scoring:predict_batch",
    "ray_predict": "treering.client.ray_scoring:ray_predict",
    "set_model": "treering.models.code_models:set_model",
    "set_signature": f"{_CALLS}:set_signature",
    "update_model_requirements": "treering.client.model_environments:update_model_requirements",
    "validate_evaluation_results": f"{_EVALUATING}.artifacts:validate_evaluation_results",
    "validate_schema": f"{_CALLS}:validate_schema",
    "validate_serving_input": f"{_CALLS}:validate_serving_input",
}


def __getattr__(name: str) -> object:
    if name not in _TABLE:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    module, _, attribute = _TABLE[name].partition(":")
    found: object = getattr(import_module(module), attribute)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_TABLE})
