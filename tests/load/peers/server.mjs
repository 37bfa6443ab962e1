/** `node server.mjs ENGINE ROOM`: serves the room and prints the port. */
const [engine, room] = process.argv.slice(2);
const { serve } = await import(`./engines/${engine}.mjs`);
console.log(await serve(room));
