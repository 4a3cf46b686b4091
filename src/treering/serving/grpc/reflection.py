"""The service that tells tools such as grpcurl what the other services are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import grpc

from treering.serving.grpc.definitions import FILES, described, message

__all__ = ["SERVICES", "Reflection"]

SERVICES = ("grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection")


class Reflection:
    """One version of the service.

    Args:
        package: The version's package; both say the same.
        services: The names of all services.
    """

    def __init__(self, package: str, services: tuple[str, ...]) -> None:
        self._response = message(f"{package}.ServerReflectionResponse")
        self._services = services
        files = [described(name) for name in FILES]
        files.append(described("reflection", "grpc.reflection.v1alpha"))
        self._files = {file.name: file.SerializeToString() for file in files}
        self._symbols: dict[str, str] = {}
        for file in files:
            for one in file.message_type:
                self._name(one, file.package, file.name)
            for service in file.service:
                self._symbols[f"{file.package}.{service.name}"] = file.name
                for method in service.method:
                    self._symbols[f"{file.package}.{service.name}.{method.name}"] = file.name

    def _name(self, one: Any, place: str, file: str) -> None:
        here = f"{place}.{one.name}"
        self._symbols[here] = file
        for inner in one.nested_type:
            self._name(inner, here, file)
        for enum in one.enum_type:
            self._symbols[f"{here}.{enum.name}"] = file

    async def ServerReflectionInfo(self, requests: AsyncIterator[Any], _context: Any) -> AsyncIterator[Any]:  # noqa: N802 -- of the wire
        """An answer to each question."""
        async for request in requests:
            made = self._response(valid_host=request.host, original_request=request)
            self._answer(made, request)
            yield made

    def _answer(self, made: Any, request: Any) -> None:
        kind = request.WhichOneof("message_request")
        if kind == "list_services":
            for name in self._services:
                made.list_services_response.service.add(name=name)
        elif kind == "file_by_filename":
            self._file(made, self._files, request.file_by_filename, request.file_by_filename)
        elif kind == "file_containing_symbol":
            name = self._symbols.get(request.file_containing_symbol, "")
            self._file(made, self._files, name, request.file_containing_symbol)
        elif kind == "all_extension_numbers_of_type" and request.all_extension_numbers_of_type in self._symbols:
            made.all_extension_numbers_response.base_type_name = request.all_extension_numbers_of_type
        else:
            made.error_response.error_code = grpc.StatusCode.NOT_FOUND.value[0]
            made.error_response.error_message = "There are no extensions here."

    def _file(self, made: Any, files: Mapping[str, bytes], name: str, asked: str) -> None:
        if name in files:
            made.file_descriptor_response.file_descriptor_proto.append(files[name])
        else:
            made.error_response.error_code = grpc.StatusCode.NOT_FOUND.value[0]
            made.error_response.error_message = f"Nothing here is called {asked!r}."
