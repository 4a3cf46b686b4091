"""Where models are put to answer: one seam, `plan -> apply -> status -> promote -> rollback -> remove`, and its targets."""

from importlib import import_module

# As in the module typing, which takes longer to import.
TYPE_CHECKING = False

if TYPE_CHECKING:  # what stands above, for those who check types
    from treering.client.deploy_client import (
        BaseDeploymentClient,
        get_deploy_client,
        get_deployments_target,
        run_local,
        set_deployments_target,
    )
    from treering.client.deploying import (
        deploy,
        get_deployment,
        get_deployment_history,
        live,
        plan,
        promote,
        remove,
        rollback,
        search_deployments,
    )

__all__ = [
    "BaseDeploymentClient",
    "deploy",
    "get_deploy_client",
    "get_deployment",
    "get_deployment_history",
    "get_deployments_target",
    "live",
    "plan",
    "promote",
    "remove",
    "rollback",
    "run_local",
    "search_deployments",
    "set_deployments_target",
]

_CALLS = "treering.client.deploying"
_CLIENT = "treering.client.deploy_client"

# What needs runs and the registry stands above this floor; it is named here, and loaded by who asks for it.
_TABLE = {
    "BaseDeploymentClient": f"{_CLIENT}:BaseDeploymentClient",
    "deploy": f"{_CALLS}:deploy",
    "get_deploy_client": f"{_CLIENT}:get_deploy_client",
    "get_deployment": f"{_CALLS}:get_deployment",
    "get_deployment_history": f"{_CALLS}:get_deployment_history",
    "get_deployments_target": f"{_CLIENT}:get_deployments_target",
    "live": f"{_CALLS}:live",
    "plan": f"{_CALLS}:plan",
    "promote": f"{_CALLS}:promote",
    "remove": f"{_CALLS}:remove",
    "rollback": f"{_CALLS}:rollback",
    "run_local": f"{_CLIENT}:run_local",
    "search_deployments": f"{_CALLS}:search_deployments",
    "set_deployments_target": f"{_CLIENT}:set_deployments_target",
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
