// A drone that sends MAVLink over UDP to 127.0.0.1, written by node-mavlink, with losses, repeats and foreign packets mixed in from a seed.
// It tells what a receiver should make of it: for each batch a line {"readings": [...]}, of raw values, and at the end {"counts": {...}}.
//
//   --definitions      print the messages' definitions and end
//   --port N           where to send
//   --seed N           the same seed sends the same bytes
//   --messages N       messages of the drone, those that are lost among them
//   --rate N           messages a second; 0: a batch at a time, each after a line on the standard input
//   --quiet            tell nothing
//
// It ends with its standard input.
import { createSocket } from 'node:dgram';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { common, minimal, MavLinkPacketSignature, MavLinkProtocolV1, MavLinkProtocolV2 } from 'node-mavlink';

const SYSTEM = 1, AUTOPILOT = 1, COMPANION = 191, BATTERY = 180, OTHER_SYSTEM = 7, GROUND = 255;
const MESSAGES = [minimal.Heartbeat, common.Attitude, common.GlobalPositionInt, common.VfrHud, common.BatteryStatus];
const KINDS = { 0: 'heartbeats', 30: 'attitudes', 33: 'positions', 74: 'huds', 147: 'batteries' };
const STEP_MS = 20, FRESH_MS = 5000, HOLD_MOST = 3, REPEAT_AFTER_MOST = 20, UNKNOWN_INT16 = 32767;
const INCOMPATIBLE_FLAG = 2;
const KEY = MavLinkPacketSignature.key('not a secret');

const { values: options } = parseArgs({
  options: {
    definitions: { type: 'boolean' }, quiet: { type: 'boolean' },
    port: { type: 'string' }, seed: { type: 'string' }, messages: { type: 'string' }, rate: { type: 'string' },
  },
});

if (options.definitions) {
  console.log(JSON.stringify(MESSAGES.map(one => ({
    id: one.MSG_ID,
    name: one.MSG_NAME,
    crcExtra: one.MAGIC_NUMBER,
    baseLength: Math.min(one.PAYLOAD_LENGTH, ...one.FIELDS.filter(field => field.extension).map(field => field.offset)),
    length: one.PAYLOAD_LENGTH,
  }))));
  process.exit(0);
}

// mulberry32
let state = Number(options.seed) >>> 0;
function random() {
  state = (state + 0x6D2B79F5) >>> 0;
  let t = state;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}

const below = count => Math.floor(random() * count);
const chance = probability => random() < probability;

const counts = Object.fromEntries([
  'datagrams', 'bytes', 'packets', 'heartbeats', 'positions', 'attitudes', 'huds', 'batteries', 'version1', 'signed', 'beforeHeartbeat',
  'foreignSystems', 'otherComponents', 'lost', 'repeated', 'late', 'unknownMessages', 'badChecksums', 'incompatible', 'cut', 'foreignBytes',
  'offEarth', 'readings', 'withoutFix',
].map(name => [name, 0]));

let readings = [];       // Of this batch.
let runs = [];           // What goes out with this batch: packets, which may share a datagram, and other bytes, which do not.
let held = [];           // Late packets, with how many others go before them.
let again = [];          // Repeats, likewise.
let now = 0;             // The time of the newest reading.
const latest = { attitude: null, hud: null, battery: null };
const sequences = new Map();

function serialize(message, system = SYSTEM, component = AUTOPILOT, flags = 0, isVersion1 = false) {
  const from = `${system}/${component}`;
  const sequence = sequences.get(from) ?? 0;
  sequences.set(from, (sequence + 1) % 256);
  const protocol = isVersion1
    ? new MavLinkProtocolV1(system, component)
    : new MavLinkProtocolV2(system, component, flags);
  const bytes = protocol.serialize(message, sequence);
  return flags === MavLinkProtocolV2.IFLAG_SIGNED ? protocol.sign(bytes, 1, KEY) : bytes;
}

// A packet that is whole and understood.
function sendKnown(packet) {
  counts.packets++;
  counts[KINDS[packet.message.constructor.MSG_ID]]++;
  counts.version1 += packet.isVersion1 ? 1 : 0;
  counts.signed += packet.isSigned ? 1 : 0;
  runs.push({ bytes: packet.bytes, isPacket: true });
}

function make(type, values) {
  return Object.assign(new type(), values);
}

function heartbeat(type, autopilot) {
  return make(minimal.Heartbeat, { type, autopilot, baseMode: 81, customMode: 0, systemStatus: 4, mavlinkVersion: 3 });
}

// The flight: a walk that a seed decides.
const drone = { lat: 473977420, lon: 85455939, alt: 488000, heading: 12000, climb: 0, charge: 97 };

function nextMessage(index) {
  const place = index % 50;
  if (place === 0) {
    return heartbeat(2, 12);
  }

  if (place === 25) {
    drone.charge = Math.max(0, drone.charge - below(2));
    const cells = chance(0.2) ? Array(10).fill(65535) : [4100, 4090, 4080, 4075, ...Array(6).fill(65535)];
    return make(common.BatteryStatus, {
      id: 0, batteryFunction: 1, type: 1, temperature: UNKNOWN_INT16, voltages: cells, currentBattery: -1, currentConsumed: -1,
      energyConsumed: -1, batteryRemaining: chance(0.2) ? -1 : drone.charge, timeRemaining: 0, chargeState: 1,
      voltagesExt: chance(0.3) ? [4000, 0, 0, 0] : [0, 0, 0, 0], mode: 0, faultBitmask: 0,
    });
  }

  switch (place % 5) {
    case 1:
    case 3:
      return position(index);
    case 2:
      return make(common.VfrHud, {
        airspeed: chance(0.1) ? NaN : Math.fround(random() * 15), groundspeed: chance(0.1) ? NaN : Math.fround(random() * 15),
        alt: Math.fround(drone.alt / 1000), climb: Math.fround(random() * 4 - 2),
        heading: chance(0.2) ? -1 : below(361), throttle: below(101),
      });
    default:
      return make(common.Attitude, {
        timeBootMs: index * STEP_MS, roll: chance(0.05) ? NaN : Math.fround(random() - 0.5), pitch: Math.fround(random() - 0.5),
        yaw: Math.fround(random() * 6.28 - 3.14), rollspeed: 0, pitchspeed: 0, yawspeed: Math.fround(random()),
      });
  }
}

function position(index) {
  const hasFix = index >= 6;
  drone.lat += below(2001) - 1000;
  drone.lon += below(2001) - 1000;
  drone.alt += below(401) - 200;
  drone.heading = (drone.heading + below(1001) + 35500) % 36000;
  const isUnknown = chance(0.1);
  return make(common.GlobalPositionInt, {
    timeBootMs: index * STEP_MS,
    lat: hasFix ? (chance(0.01) ? 910000000 : drone.lat) : 0,
    lon: hasFix ? drone.lon : 0,
    alt: hasFix ? drone.alt : 0,
    relativeAlt: hasFix ? drone.alt - 488000 : 0,
    vx: isUnknown ? UNKNOWN_INT16 : below(2001) - 1000,
    vy: isUnknown ? UNKNOWN_INT16 : below(2001) - 1000,
    vz: isUnknown ? UNKNOWN_INT16 : below(401) - 200,
    hdg: chance(0.1) ? 65535 : drone.heading,
  });
}

// What a receiver learns of a packet that it gets in order, and believes for 5 s of the drone's time.
function learn(message) {
  const known = value => (Number.isNaN(value) ? null : value);
  const at = now;
  if (message instanceof common.Attitude) {
    latest.attitude = { at, roll: known(message.roll), pitch: message.pitch, yaw: message.yaw };
  } else if (message instanceof common.VfrHud) {
    latest.hud = {
      at, airSpeed: known(message.airspeed), groundSpeed: known(message.groundspeed), climb: message.climb, heading: message.heading,
    };
  } else if (message instanceof common.BatteryStatus) {
    latest.battery = {
      at, cells: [...message.voltages.filter(cell => cell !== 65535), ...message.voltagesExt], isMeasured: message.voltages[0] !== 65535,
      remaining: message.batteryRemaining,
    };
  } else if (message instanceof common.GlobalPositionInt) {
    if (message.lat > 900000000) {
      counts.offEarth++;
      return;
    }

    now = message.timeBootMs;
    counts.readings++;
    counts.withoutFix += message.lat === 0 && message.lon === 0 ? 1 : 0;
    readings.push({
      timeBootMs: message.timeBootMs, lat: message.lat, lon: message.lon, alt: message.alt, relativeAlt: message.relativeAlt,
      vx: message.vx, vy: message.vy, vz: message.vz, hdg: message.hdg,
      ...Object.fromEntries(Object.entries(latest).filter(([, value]) => value && now - value.at <= FRESH_MS)),
    });
  }
}

// Those whose turn it is after one more packet that came in order.
function release(list, whenSent) {
  list.forEach(one => one.after--);
  list.filter(one => one.after <= 0).forEach(one => {
    sendKnown(one.packet);
    whenSent();
  });
  return list.filter(one => one.after > 0);
}

function sendDrones(index, isLast) {
  const message = index === 0 ? heartbeat(2, 12) : isLast ? position(index) : nextMessage(index);
  const isVersion1 = chance(0.02);
  const isSigned = !isVersion1 && chance(0.02);
  const bytes = serialize(message, SYSTEM, AUTOPILOT, isSigned ? MavLinkProtocolV2.IFLAG_SIGNED : 0, isVersion1);
  const packet = { message, bytes, isVersion1, isSigned };
  const fate = index === 0 || isLast ? 1 : random();
  if (fate < 0.05) {
    counts.lost++;
  } else if (fate < 0.055 && !isSigned) {
    counts.lost++;
    counts.badChecksums++;
    bytes[10 + below(bytes.length - 10)] ^= 1 << below(8);
    runs.push({ bytes, isPacket: true });
  } else if (fate < 0.06) {
    held.push({ packet, after: 1 + below(HOLD_MOST) });
  } else {
    sendKnown(packet);
    learn(message);
    if (fate < 0.07) {
      again.push({ packet, after: chance(0.5) ? 1 : 1 + below(REPEAT_AFTER_MOST) });
    }

    if (isLast) {
      counts.lost += held.length; // They never come.
    } else {
      held = release(held, () => counts.late++);
      again = release(again, () => counts.repeated++);
    }
  }
}

function sendForeign() {
  switch (below(9)) {
    case 0:
      return sendOther(heartbeat(6, 8), GROUND, 190);
    case 1:
      return sendOther(heartbeat(2, 12), OTHER_SYSTEM, 1);
    case 2:
      return sendOther(position(1000), OTHER_SYSTEM, 1);
    case 3:
      counts.otherComponents++;
      return sendKnown({ message: heartbeat(18, 8), bytes: serialize(heartbeat(18, 8), SYSTEM, COMPANION) });
    case 4: { // The second battery.
      const message = make(common.BatteryStatus, { id: 1, voltages: Array(10).fill(65535), voltagesExt: [0, 0, 0, 0], batteryRemaining: 3 });
      return sendKnown({ message, bytes: serialize(message, SYSTEM, BATTERY) });
    }
    case 5: { // A message that the receiver does not understand, with a number of the drone's own; now and then twice.
      const bytes = serialize(make(common.SysStatus, { load: below(1000), voltageBattery: 16000 }));
      for (let left = chance(0.2) ? 2 : 1; left > 0; left--) {
        counts.unknownMessages++;
        counts.repeated += left === 2 ? 1 : 0;
        runs.push({ bytes, isPacket: true });
      }

      return undefined;
    }
    case 6:
      counts.incompatible++;
      return runs.push({ bytes: serialize(heartbeat(2, 12), OTHER_SYSTEM, 1, INCOMPATIBLE_FLAG), isPacket: true });
    case 7: {
      const bytes = Buffer.from(Array.from({ length: 5 + below(80) }, () => 32 + below(95)));
      counts.foreignBytes += bytes.length;
      return runs.push({ bytes, isPacket: false });
    }
    default: {
      const bytes = serialize(heartbeat(2, 12), OTHER_SYSTEM, 1);
      counts.cut++;
      return runs.push({ bytes: bytes.subarray(0, 1 + below(bytes.length - 1)), isPacket: false });
    }
  }
}

function sendOther(message, system, component) {
  counts.foreignSystems++;
  sendKnown({ message, bytes: serialize(message, system, component) });
}

// Before it is known whom to follow.
function sendEarly() {
  for (const [message, system, component] of [
    [heartbeat(6, 8), GROUND, 190], [nextMessage(4), SYSTEM, AUTOPILOT], [position(0), SYSTEM, AUTOPILOT],
  ]) {
    counts.beforeHeartbeat++;
    sendKnown({ message, bytes: serialize(message, system, component) });
  }
}

const socket = createSocket('udp4');
const sendDatagram = bytes => new Promise((resolve, reject) => {
  counts.datagrams++;
  counts.bytes += bytes.length;
  socket.send(bytes, Number(options.port), '127.0.0.1', error => (error ? reject(error) : resolve()));
});

async function flush() {
  const sending = runs;
  runs = [];
  for (let at = 0; at < sending.length;) {
    let end = at + 1;
    const most = at + (sending[at].isPacket && chance(0.2) ? 3 : 1);
    while (end < Math.min(most, sending.length) && sending[end].isPacket) {
      end++;
    }

    await sendDatagram(Buffer.concat(sending.slice(at, end).map(run => run.bytes)));
    at = end;
  }
}

const tell = line => options.quiet || process.stdout.write(`${JSON.stringify(line)}\n`);
const input = createInterface({ input: process.stdin });
let goOn = () => {};
input.on('line', () => goOn());
input.on('close', () => process.exit(0));

const messages = Number(options.messages), rate = Number(options.rate);
const batch = rate > 0 ? 1 : 25;
const started = performance.now();
sendEarly();
for (let index = 0; index < messages; index++) {
  sendDrones(index, index === messages - 1);
  if (index > 0 && index < messages - 1 && chance(0.06)) {
    sendForeign();
  }

  if ((index + 1) % batch === 0 || index === messages - 1) {
    await flush();
    const told = new Promise(resolve => { goOn = resolve; });
    tell({ readings });
    readings = [];
    const due = started + ((index + 1) * 1000) / rate;
    await (rate > 0 ? new Promise(resolve => setTimeout(resolve, due - performance.now())) : told);
  }
}

tell({ counts, seconds: (performance.now() - started) / 1000 });
