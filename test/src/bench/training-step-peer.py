# The same training step in PyTorch: each line on standard input is a number of steps, answered by their times in milliseconds.
import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

spec = json.loads(sys.argv[1])
torch.set_num_threads(spec["threads"])
torch.manual_seed(0)
device, batch = spec.get("device", "cpu"), spec.get("batch", 64)

blocks, width = [], 3
for channels in spec["channels"]:
    blocks += [nn.Conv2d(width, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels), nn.ReLU(), nn.MaxPool2d(2)]
    width = channels
average = spec["features"] == "average"
head = [nn.AdaptiveAvgPool2d(1)] if average else []
head += [nn.Flatten(), nn.Linear(width if average else width * 16, 64), nn.ReLU(), nn.Linear(64, spec["classes"])]
model = nn.Sequential(*blocks, *head).to(device).train()
optimiser = torch.optim.Adam(model.parameters(), 1e-3)
image = torch.randn(batch, 3, 32, 32, device=device)
labels = torch.arange(batch, device=device) % spec["classes"]

for line in sys.stdin:
    times = []
    for _ in range(int(line)):
        started, cpu_before = time.perf_counter(), time.process_time()
        loss = F.cross_entropy(model(image), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        loss.item()
        wall, cpu = time.perf_counter() - started, time.process_time() - cpu_before
        times.append({"wall": 1000 * wall, "cpu": 1000 * cpu})
    print(json.dumps(times), flush=True)
