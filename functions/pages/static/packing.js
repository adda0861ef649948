/** A file on its way: what may be sent at all, and how it is made small. */

import { size } from "./amounts.js";
import { say } from "./messages.js";

export const MOST_FILES = 10;
export const MOST_BYTES = 10 * 1024 * 1024;
const MOST_PACKED_BYTES = 4_400_000;
const KINDS = [
  [".csv", "text/csv"],
  [".tsv", "text/tab-separated-values"],
];
const PACKED = "application/gzip";
const NAME_CHARACTERS = 100;
/** What an address cannot carry as it is. */
const UNSENT = /[/\\%?#]/g;

/** A file that cannot be sent as it is; the message is a sentence for the person. */
export class Unsendable extends Error {}

/** What the file will be called: close to its own name, without what the API takes in no name. */
export function nameOf(file) {
  const given = file.name.normalize("NFC").replace(/\s/gu, " ").replace(/\p{C}/gu, "").replace(UNSENT, "_");
  const dot = given.lastIndexOf(".");
  const [name, ending] = [given.slice(0, dot).replace(/^[. ]+/, ""), given.slice(dot)];
  return ([...name].slice(0, NAME_CHARACTERS - ending.length).join("") || "file") + ending;
}

/** The sentence why this file is not even tried, or null. */
export function refusalOf(file, standing) {
  if (typeOf(file) === undefined) return say("upload.wrong-kind");
  if (file.size === 0) return say("upload.empty");
  if (file.size > MOST_BYTES) return say("upload.too-large", { size: size(file.size), most: size(MOST_BYTES) });
  if (standing >= MOST_FILES) return say("files.full", { count: MOST_FILES });
  return null;
}

/** The file as it is sent: `{type, content}`, compressed where the browser can; raises `Unsendable`. */
export async function pack(file) {
  const packs = "CompressionStream" in globalThis;
  const content = await bytesOf(packs ? file.stream().pipeThrough(new CompressionStream("gzip")) : file);
  if (content.byteLength <= MOST_PACKED_BYTES) return { type: packs ? PACKED : typeOf(file), content };
  const sizes = { size: size(content.byteLength), most: size(MOST_PACKED_BYTES) };
  throw new Unsendable(say(packs ? "upload.too-dense" : "upload.not-packed", sizes));
}

async function bytesOf(source) {
  try {
    return await new Response(source).arrayBuffer();
  } catch {
    throw new Unsendable(say("upload.unreadable"));
  }
}

function typeOf(file) {
  const name = nameOf(file).toLowerCase();
  return KINDS.find(([ending]) => name.endsWith(ending))?.[1];
}
