"""What the application needs to take calls over gRPC; the only module here that others import."""

from __future__ import annotations

from dataclasses import dataclass

from serving.http.protocols.open_inference import OpenInference
from serving.rpc.open_inference import GrpcOpenInference
from serving.rpc.server import ROOT, GrpcServer
from serving.settings import Settings


@dataclass(frozen=True, slots=True)
class GrpcParts:
    """The messages of the one model, the server that carries them, and the root of their paths."""

    messages: GrpcOpenInference
    server: GrpcServer
    root: str = ROOT

    @classmethod
    def of(cls, settings: Settings, model: OpenInference) -> GrpcParts:
        """Return the parts of a server with these settings; needs the extra `grpc`."""
        return cls(GrpcOpenInference(model), GrpcServer(settings))
