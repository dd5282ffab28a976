// Small things that connecting a browser needs.

export function bytes(base64url) {
  const plain = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
}

export const csrf = () => document.querySelector("input[name=csrfmiddlewaretoken]")?.value ?? "";

// What people call the browser that says this of itself.
export function called(agent) {
  const browser = [["Edg", "Edge"], ["OPR", "Opera"], ["Firefox", "Firefox"], ["Chrom", "Chrome"], ["Safari", "Safari"]];
  const system = [["Android", "Android"], ["iPhone", "iPhone"], ["iPad", "iPad"], ["Windows", "Windows"], ["Mac OS", "Mac"], ["Linux", "Linux"]];
  const find = (list) => list.find(([sign]) => agent.includes(sign))?.[1];
  return [find(browser) ?? "Browser", find(system)].filter(Boolean).join(" on ");
}
