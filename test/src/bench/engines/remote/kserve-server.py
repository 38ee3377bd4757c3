"""KServe's Open Inference Protocol v2 server over a Triton model repository: kserve-server.py PORT REPOSITORY

Prints "ready" once it takes requests. Models are loaded and unloaded by the protocol's repository calls.
"""

import os
import re
import sys
import threading
import time
import urllib.request

port, repository = int(sys.argv[1]), sys.argv[2]
sys.argv = sys.argv[:1]  # KServe reads arguments of its own

import onnxruntime
from kserve import InferOutput, InferResponse, Model, ModelRepository, ModelServer

DATATYPES = {
    "tensor(float)": "FP32",
    "tensor(double)": "FP64",
    "tensor(uint8)": "UINT8",
    "tensor(int8)": "INT8",
    "tensor(int32)": "INT32",
    "tensor(int64)": "INT64",
    "tensor(bool)": "BOOL",
}


class OnnxModel(Model):
    def __init__(self, name, session):
        super().__init__(name)
        self.session = session
        self.ready = session is not None

    def get_input_types(self):
        return [described(value) for value in self.session.get_inputs()]

    def get_output_types(self):
        return [described(value) for value in self.session.get_outputs()]

    async def predict(self, payload, headers=None, response_headers=None):
        feeds = {tensor.name: tensor.as_numpy() for tensor in payload.inputs}
        names = [value.name for value in self.session.get_outputs()]
        outputs = []
        for name, array in zip(names, self.session.run(names, feeds)):
            datatype = next(value["datatype"] for value in self.get_output_types() if value["name"] == name)
            output = InferOutput(name=name, shape=list(array.shape), datatype=datatype)
            output.set_data_from_numpy(array, binary_data=True)
            outputs.append(output)
        return InferResponse(
            response_id=payload.id or "0",
            model_name=self.name,
            infer_outputs=outputs,
            use_binary_outputs=payload.use_binary_outputs,
            requested_outputs=payload.request_outputs,
        )


class Nothing(Model):
    """KServe starts with one model at least."""

    def __init__(self):
        super().__init__("nothing")
        self.ready = True


class Repository(ModelRepository):
    def load(self, name):
        home = os.path.join(self.models_dir, name)
        with open(os.path.join(home, "config.pbtxt")) as config:
            file = re.search(r'default_model_filename: "([^"]+)"', config.read()).group(1)
        version = next(entry for entry in os.listdir(home) if entry.isdigit())
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(os.path.join(home, version, file), options)
        self.update(OnnxModel(name, session))
        return True


def described(value):
    shape = [dim if isinstance(dim, int) else -1 for dim in value.shape]
    return {"name": value.name, "datatype": DATATYPES[value.type], "shape": shape}


def tell_when_ready():
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/health/ready", timeout=1)
            print("ready", flush=True)
            return
        except OSError:
            time.sleep(0.1)


threading.Thread(target=tell_when_ready, daemon=True).start()
ModelServer(
    http_port=port,
    enable_grpc=False,
    workers=1,
    registered_models=Repository(repository),
    enable_latency_logging=False,
).start([Nothing()])
