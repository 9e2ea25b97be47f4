// Node's ws against the server's echo: texts, bytes, fragments, pings, and closes with a code. Ends with exit code 0
// if everything came back.
//
//   node echo.cjs wss://localhost:PORT/ws/echo
const assert = require("node:assert");
const { once } = require("node:events");
const WebSocket = require("ws");

const url = process.argv[2];

function ask(socket, data, options) {
    const answer = once(socket, "message");
    socket.send(data, options);
    return answer;
}

async function main() {
    const socket = new WebSocket(url);
    await once(socket, "open");
    for (const text of ["", "a", "é 水 🚢", "x".repeat(70000)]) {
        const [data, isBinary] = await ask(socket, text);
        assert.equal(data.toString(), text);
        assert.equal(isBinary, false);
    }
    for (const size of [0, 125, 126, 65535, 65536, 1 << 20]) {
        const bytes = Buffer.alloc(size, 0x9f);
        const [data, isBinary] = await ask(socket, bytes);
        assert.ok(data.equals(bytes));
        assert.equal(isBinary, true);
    }
    // One message in three frames, one cut inside a character, with a ping between them.
    const whole = Buffer.from("é 水 🚢");
    const answer = once(socket, "message");
    socket.send(whole.subarray(0, 1), { fin: false, binary: false });
    const pong = once(socket, "pong");
    socket.ping("there?");
    socket.send(whole.subarray(1, 5), { fin: false, binary: false });
    socket.send(whole.subarray(5), { fin: true, binary: false });
    assert.equal((await pong)[0].toString(), "there?");
    assert.equal((await answer)[0].toString(), "é 水 🚢");

    const closed = once(socket, "close");
    socket.close(4001, "enough");
    assert.equal((await closed)[0], 4001);

    // A message that is too large is refused with its code.
    const large = new WebSocket(url);
    await once(large, "open");
    const refused = once(large, "close");
    large.send(Buffer.alloc((16 << 20) + 1));
    assert.equal((await refused)[0], 1009);
}

main().catch((error) => {
    console.error(error);
    process.exit(1);
});
