// Parses the AsyncAPI documents on standard input, a list of texts; prints what is wrong with each as JSON.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const ADVICE = 1; // from here on it is a warning, or less
const parser = new Parser();

async function told(text) {
  const { document, diagnostics } = await parser.parse(text);
  const found = diagnostics.map(({ severity, code, message, path }) => ({ severity, code, message, path: path.join("/") }));
  return {
    errors: found.filter(({ severity }) => severity < ADVICE),
    advice: found.filter(({ severity }) => severity >= ADVICE),
    channels: document ? document.allChannels().map((channel) => channel.address()) : [],
  };
}

const answers = [];
for (const text of JSON.parse(readFileSync(0, "utf8"))) answers.push(await told(text));
console.log(JSON.stringify(answers));
