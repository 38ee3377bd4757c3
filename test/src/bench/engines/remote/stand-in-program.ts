import { StandInServer } from "@fieldloop/edge-runtime/testing";

// An inference server in a process of its own: stand-in-program.ts [SOCKET]; prints its address, ends with its parent.

const server = await StandInServer.start({ socketPath: process.argv[2] });
process.stdout.write(`${server.address}\n`);
process.stdin.resume().once("end", () => void server.close());
