// Tags a photo: `node tag.mjs http://127.0.0.1:8080 photo.jpg`, with Node.js 18 or newer.
import { readFile } from "node:fs/promises";

const [url, photo] = process.argv.slice(2);
const ATTEMPTS = 6;

async function tag(body) {
  for (let attempt = 1; ; attempt++) {
    const answer = await fetch(`${url}/predictions/tagger`, {
      method: "POST",
      headers: { "Content-Type": "image/jpeg" },
      body,
    });
    const isBusy = [429, 502, 503].includes(answer.status);
    if (!isBusy || attempt === ATTEMPTS) return answer;
    const seconds = Number(answer.headers.get("Retry-After") ?? 2 ** (attempt - 1));
    await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
  }
}

const answer = await tag(await readFile(photo));
const document = await answer.json();
if (!answer.ok) {
  console.error(`${document.code}: ${document.detail}`);
  process.exit(1);
}
for (const { group, name, score } of document.tags) console.log(group, name, score);
