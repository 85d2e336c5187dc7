# The images of docker-compose.yml: the API and its workers (api), the inference server (inference),
# the same for a GPU (inference-gpu). Everything runs as a user without rights, from files that it
# cannot write.
FROM python:3.11.13-slim-bookworm AS base
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONUNBUFFERED=1
RUN useradd --system --uid 10001 --create-home moodline
WORKDIR /app
COPY pyproject.toml constraints.txt README.md LICENSE ./
RUN pip install --constraint constraints.txt pip

FROM base AS api
COPY api/ api/
# The client of the inference server is all that the API needs of it.
COPY serving/*.py serving/
COPY serving/client/ serving/client/
RUN pip install --constraint constraints.txt --build-constraint constraints.txt ".[api,production]"
USER moodline
CMD ["gunicorn", "--config", "python:api.gunicorn_conf"]

FROM base AS inference
COPY serving/ serving/
RUN pip install --constraint constraints.txt --build-constraint constraints.txt ".[serving]"
USER moodline
CMD ["python", "-m", "serving"]

# The GPU's libraries come with the package; onnxruntime itself must go, as both fill one folder.
FROM inference AS inference-gpu
USER root
RUN pip uninstall --yes onnxruntime && pip install "onnxruntime-gpu[cuda,cudnn]>=1.22,<2"
USER moodline
