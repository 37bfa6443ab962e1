/**
 * Draws on a running picture for a long time and judges the frame that each mark carries. It is
 * meant to run every night: `npm run stamps [-- --browser chromium|firefox] [--pictures N] [--work
 * MS] [--seed N]`. The browsers take turns, unless one is named. `--work` makes every animation
 * frame of the page take that much longer. Prints figures as `fmz-load` does (docs/benchmarks.md).
 * The exit code is 1 if a mark carries a frame that was not on the screen.
 */
import { parseArgs } from "node:util";
import { burden, drawMarks, judgeMarks } from "./lib/marker.mjs";
import { Participant } from "./lib/participant.mjs";
import { Server } from "./lib/server.mjs";

/** Pictures of one call into the page: about a minute, between two lines of progress. */
const PICTURES_A_CALL = 1_500;

const { values } = parseArgs({
  options: {
    browser: { type: "string", multiple: true, default: ["chromium", "firefox"] },
    pictures: { type: "string", default: "20000" },
    work: { type: "string", default: "0" },
    seed: { type: "string", default: "1" },
  },
});
const [pictures, work, seed] = [values.pictures, values.work, values.seed].map(Number);

let wrong = 0;
for (const kind of values.browser) {
  const total = await measure(kind);
  const name = `stamps_${kind}${work > 0 ? `_work${work}` : ""}`;
  for (const [figure, unit] of [["pictures", "pictures"], ["marks", "marks"], ["exact", "marks"], ["wrong", "marks"]]) {
    console.log(`${name}_${figure} ${total[figure]} ${unit}`);
  }
  console.log(`${name}_uncertain_percent ${((100 * total.uncertain) / total.marks).toFixed(2)} %`);
  wrong += total.wrong;
}
process.exit(wrong === 0 ? 0 : 1);

async function measure(kind) {
  const total = { pictures: 0, marks: 0, exact: 0, uncertain: 0, wrong: 0 };
  const server = await Server.demo("--size", "1280x720", "--frames", "480", "--bitrate", "4000");
  let ada;
  try {
    ada = await Participant.join(kind, "Ada", server);
    await ada.untilPicture(1280);
    if (work > 0) await burden(ada, work);
    while (total.pictures < pictures) {
      const drawn = await drawMarks(ada, { pictures: Math.min(PICTURES_A_CALL, pictures - total.pictures), seed: seed + total.pictures });
      const judged = judgeMarks(drawn);
      for (const mark of judged.wrong) console.error("wrong", JSON.stringify(mark));
      total.pictures += drawn.pictures;
      total.wrong += judged.wrong.length;
      for (const figure of ["marks", "exact", "uncertain"]) total[figure] += judged[figure];
      console.error(`${kind}: ${total.pictures} of ${pictures} pictures, ${total.marks} marks, ${total.uncertain} uncertain, ${total.wrong} wrong`);
    }
  } finally {
    await ada?.leave();
    await server.stop();
  }
  return total;
}
