// nodemailer's pool of five connections, with nunjucks. The job is the first argument, as JSON.
// Its packages lie in the folder that BENCH_NODE names.
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(join(process.env.BENCH_NODE, 'packages.js'));
const nodemailer = require('nodemailer');
const nunjucks = require('nunjucks');

const CONNECTIONS = 5;
const KEY = 'k'.repeat(32);
const job = JSON.parse(process.argv[2]);
const read = (...names) => readFileSync(join(job.data, ...names));

const people = read('people.jsonl').toString().split('\n').slice(0, job.mails).map((line) => JSON.parse(line));
const event = JSON.parse(read('event.json'));

function compiled(name, autoescape) {
  return nunjucks.compile(read(job.template, 'offers', name).toString(), new nunjucks.Environment(null, { autoescape }));
}

function unsubscribeLink(id) {
  const mac = createHmac('sha256', KEY).update(`offers\0${id}`).digest().subarray(0, 16).toString('base64url');
  return `https://mail.example.org/u/offers/${id}/${mac}`;
}

const html = compiled('body.html', true);
const text = compiled('body.txt', false);
for (const template of [html, text]) template.render({ event, subscriber: people[0], links: {} }); // compiles it

const cpuBefore = process.cpuUsage();
const begun = performance.now();

const picture = job.picture ? read('picture.png') : null;
const screenshot = picture && { src: 'cid:picture@lists.example.org', width: 320 };
const attachments = picture
  ? [{ filename: 'screenshot.png', content: picture, contentType: 'image/png', cid: 'picture@lists.example.org' }]
  : [];
const transport = nodemailer.createTransport({
  pool: true, maxConnections: CONNECTIONS, maxMessages: Infinity,
  host: '127.0.0.1', port: job.port, name: 'localhost', secure: false, ignoreTLS: true,
});

async function mail(person) {
  const unsubscribe = unsubscribeLink(person.id);
  const context = { event, subscriber: person, links: { unsubscribe }, screenshot };
  await transport.sendMail({
    from: 'news@lists.example.org', to: person.address, subject: event.title,
    text: text.render(context), html: html.render(context), attachments,
    headers: {
      'List-Id': '<offers.lists.example.org>', 'List-Unsubscribe': `<${unsubscribe}>`,
      'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click', 'Auto-Submitted': 'auto-generated',
    },
  });
}

// As nodemailer's documentation advises for bulk mail, no more mails are made than the pool can soon take.
let next = 0;
async function work() {
  while (next < people.length) await mail(people[next++]);
}
await Promise.all(Array.from({ length: 2 * CONNECTIONS }, work));

const wall = (performance.now() - begun) / 1000;
const cpu = process.cpuUsage(cpuBefore);
transport.close();
console.log(JSON.stringify({
  wall_s: wall, cpu_s: (cpu.user + cpu.system) / 1e6, peak_mb: process.resourceUsage().maxRSS / 1024,
}));
