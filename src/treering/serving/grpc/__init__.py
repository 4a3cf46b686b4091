"""The Open Inference Protocol over gRPC, beside HTTP and on the same queues; needs the extra `grpc`.

    ModelInferRequest ─▶ a binary request as the REST protocol has it ─▶ front ─▶ its Answer ─▶ ModelInferResponse

definitions  messages and methods, read from the files in `protos/` when the server starts
tensors      messages into requests, answers into messages
inference, health, reflection  the services
server       what listens

Tools that find out by themselves what a server can do (reflection) and probes of Kubernetes (health) are answered too.
"""
