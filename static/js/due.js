// Moments to come count down: "4 min 12 s".

const part = (n, unit) => `${n} ${unit}`;

function left(seconds) {
  const [days, hours, minutes] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60];
  if (days > 0) return `${part(days, "d")} ${part(hours, "h")}`;
  if (hours > 0) return `${part(hours, "h")} ${part(minutes, "min")}`;
  if (minutes > 0) return `${part(minutes, "min")} ${part(seconds % 60, "s")}`;
  return part(seconds, "s");
}

function count() {
  for (const time of document.querySelectorAll("time[data-due]")) {
    const at = Date.parse(time.dateTime);
    if (Number.isNaN(at)) continue;
    const seconds = Math.ceil((at - Date.now()) / 1000);
    const words = seconds > 0 ? `in ${left(seconds)}` : "now";
    if (time.textContent !== words) time.textContent = words;
  }
}

count();
setInterval(count, 1000);
document.addEventListener("rows", count);
