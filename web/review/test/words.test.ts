import { expect, test } from "vitest";
import { en } from "../src/i18n/en";
import { zh } from "../src/i18n/zh";
import { readAddress } from "../src/state/link";

const holes = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(String).sort();

test("both languages have the same sentences with the same places to fill", () => {
  expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
  for (const [key, text] of Object.entries(en)) expect([key, holes(zh[key as keyof typeof en])]).toEqual([key, holes(text)]);
});

const token = (claims: object): string => `h.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.s`;

test("a link gives room, token and the name in the token", () => {
  const jwt = token({ name: "Adé", room: "demo" });
  const link = { room: "demo", token: jwt, name: "Adé" };
  expect(readAddress({ pathname: "/r/demo", hash: `#token=${jwt}` })).toEqual({ kind: "room", link });
});

test.each([
  ["/", "", "none"],
  ["/r/demo", "", "broken"],
  ["/r/demo", "#token=x.y.z", "broken"],
  ["/r/..%2f", "#token=x", "none"],
])("%s with %s is %s", (pathname, hash, kind) => {
  expect(readAddress({ pathname, hash }).kind).toBe(kind);
});
