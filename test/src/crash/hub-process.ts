import { writeSync } from "node:fs";
import { parseArgs } from "node:util";
import { startHub } from "@fieldloop/cloud-hub";

const { values } = parseArgs({ options: { dir: { type: "string" } } });
const hub = await startHub({ dataDir: values.dir!, fleet: "plant", listen: { httpPort: 0, mqttPort: 0 } });
writeSync(1, `ready ${hub.url} ${hub.mqttUrl} ${hub.token}\n`);
