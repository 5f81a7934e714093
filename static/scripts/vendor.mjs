// Copies the vendored scripts with their versions in the names and their
// licences beside them, and writes the icons in use as a templ component.
import { readFileSync, writeFileSync, copyFileSync, readdirSync, rmSync, mkdirSync } from "node:fs";
import { join, dirname } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, "node_modules");
const version = (name) => JSON.parse(readFileSync(join(modules, name, "package.json"))).version;

const vendor = join(root, "vendor");
mkdirSync(vendor, { recursive: true });
for (const name of readdirSync(vendor)) rmSync(join(vendor, name));
const scripts = [
  ["htmx.org", "dist/htmx.min.js", "htmx"],
  ["htmx-ext-sse", "dist/sse.min.js", "htmx-ext-sse"],
  ["uplot", "dist/uPlot.iife.min.js", "uplot"],
];
for (const [pkg, file, name] of scripts) {
  copyFileSync(join(modules, pkg, file), join(vendor, `${name}-${version(pkg)}.min.js`));
  copyFileSync(join(modules, pkg, "LICENSE"), join(vendor, `${name}-${version(pkg)}.LICENSE.txt`));
}
copyFileSync(join(modules, "lucide-static", "LICENSE"), join(vendor, `lucide-${version("lucide-static")}.LICENSE.txt`));
copyFileSync(join(modules, "daisyui", "LICENSE"), join(vendor, `daisyui-${version("daisyui")}.LICENSE.txt`));
copyFileSync(join(modules, "tailwindcss", "LICENSE"), join(vendor, `tailwindcss-${version("tailwindcss")}.LICENSE.txt`));

const icons = {
  Overview: "layout-dashboard", Endpoint: "radio-tower", Delivery: "send", Event: "zap", Topic: "tags",
  Prompt: "message-square-text", Key: "key-round", Members: "users", Slack: "hash", Alert: "bell-ring",
  Audit: "scroll-text", Support: "life-buoy", Admin: "server-cog", Projects: "layers", Search: "search",
  Copy: "copy", Check: "check", Cross: "x", Stop: "octagon-x", Retry: "rotate-cw", Pause: "pause", Play: "play",
  Circle: "circle-dashed", Ban: "ban", Question: "circle-question-mark", Dots: "loader", Send: "send-horizontal",
  Plus: "plus", Trash: "trash-2", Eye: "eye", Lock: "lock", Sun: "sun", Moon: "moon", Menu: "menu", User: "user",
  SignOut: "log-out", Chevron: "chevron-right", UpDown: "chevrons-up-down", Book: "book-open", Edit: "pencil",
  Clock: "clock", Schedule: "calendar-clock", ShieldOff: "shield-off", Product: "package",
};
const shapes = (file) => {
  const svg = readFileSync(join(modules, "lucide-static", "icons", `${file}.svg`), "utf8");
  return svg.replace(/<!--[\s\S]*?-->/g, "").match(/<svg[\s\S]*?>([\s\S]*)<\/svg>/)[1].trim().split("\n").map((l) => "\t\t\t" + l.trim().replace(/ \/>$/, "></PLACE>").replace(/^<(\w+)(.*)<\/PLACE>$/, "<$1$2</$1>"));
};
let out = `package component\n\n// The shapes are lucide's (ISC licence), written by static/scripts/vendor.mjs.\ntempl shapes(icon Icon) {\n\tswitch icon {\n`;
for (const [name, file] of Object.entries(icons)) out += `\t\tcase Icon${name}:\n${shapes(file).join("\n")}\n`;
out += "\t}\n}\n";
writeFileSync(join(root, "..", "views", "component", "icon_shapes.templ"), out);
