// The syntax highlighter, in a chunk of its own: it loads with the first code block that names a language.
import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import csharp from "highlight.js/lib/languages/csharp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import dockerfile from "highlight.js/lib/languages/dockerfile";
import go from "highlight.js/lib/languages/go";
import ini from "highlight.js/lib/languages/ini";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import kotlin from "highlight.js/lib/languages/kotlin";
import makefile from "highlight.js/lib/languages/makefile";
import nginx from "highlight.js/lib/languages/nginx";
import php from "highlight.js/lib/languages/php";
import python from "highlight.js/lib/languages/python";
import ruby from "highlight.js/lib/languages/ruby";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import swift from "highlight.js/lib/languages/swift";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import { createLowlight } from "lowlight";

const lowlight = createLowlight({ bash, c, cpp, csharp, css, diff, dockerfile, go, ini, java, javascript, json, kotlin, makefile, nginx, php, python, ruby, rust, sql, swift, typescript, xml, yaml });
const longest = 8000; // characters; a longer text stays plain, so that it does not hold up the page

/** A piece of code; kind: what it is, such as "keyword" or "string". */
export interface Token { readonly text: string; readonly kind?: string }

/** Returns the pieces of a code; undefined if the language is unknown. */
export function highlight(language: string, code: string): readonly Token[] | undefined {
  const name = language.toLowerCase();
  if (code.length > longest || !lowlight.registered(name)) return undefined;
  const tokens: Token[] = [];
  const walk = (nodes: readonly Node[], kind?: string) => {
    for (const n of nodes) {
      if (n.type === "text") tokens.push({ text: n.value!, ...(kind && { kind }) });
      else walk(n.children ?? [], n.properties?.className?.[0] ?? kind);
    }
  };
  walk(lowlight.highlight(name, code, { prefix: "" }).children);
  return tokens;
}

/** What is used of the nodes of hast. */
interface Node { type: string; value?: string; children?: readonly Node[]; properties?: { className?: readonly string[] } }
