// Preloaded into the inbox: it leaves when the process that started it does, however that ended.
process.stdin.on("end", () => process.exit(0)).resume();
