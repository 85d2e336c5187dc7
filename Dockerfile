# Images for docker-compose.yml: the API and its workers (api), the inference server (inference) and
# the inference server for a GPU (inference-gpu). Processes run as an unprivileged user who cannot
# write to the installed files. How to update the base image: docs/deploying.md.
FROM python:3.11.17-slim-bookworm AS base
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONUNBUFFERED=1
RUN useradd --system --uid 10001 --create-home moodline
WORKDIR /app
COPY pyproject.toml constraints.txt README.md LICENSE ./
RUN pip install --constraint constraints.txt pip

FROM base AS api
COPY api/ api/
# The API needs only the client of the inference server.
COPY serving/*.py serving/
COPY serving/client/ serving/client/
RUN pip install --constraint constraints.txt --build-constraint constraints.txt ".[api,production,otel]"
USER 10001
CMD ["gunicorn", "--config", "python:api.gunicorn_conf"]

FROM base AS inference
COPY serving/ serving/
RUN pip install --constraint constraints.txt --build-constraint constraints.txt ".[serving,grpc]"
USER 10001
CMD ["python", "-m", "serving"]

# The GPU's libraries come with onnxruntime-gpu. onnxruntime must be removed first, because both
# packages install into the same folder.
FROM inference AS inference-gpu
USER root
COPY deploy/gpu-requirements.txt deploy/
RUN pip uninstall --yes onnxruntime && pip install --requirement deploy/gpu-requirements.txt
USER 10001
