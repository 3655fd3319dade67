// @ts-check
// As much of WASI as the flite command line calls: arguments, an input, what it prints, and one file it may write.
// Node's own needs a directory on the disk and warns that it is experimental.

/** Error numbers of WASI. */
const success = 0;
const badDescriptor = 8;

/** File descriptors; the root directory is found there before anything is opened. */
const stdin = 0;
const stdout = 1;
const root = 3;
const file = 4;

/** What WASI calls a character device, a directory and a regular file. */
const fileTypes = new Map([
  [stdin, 2],
  [stdout, 2],
  [root, 3],
  [file, 4],
]);

/**
 * @typedef {{ args: Uint8Array[], input: Uint8Array, printed: Uint8Array[], written: Uint8Array[], memory: ArrayBuffer }} Program
 *   `memory` is looked up anew at each use, because it is replaced when it grows.
 */

/** Thrown out of the program when it exits. */
class Exit {
  /** @param {number} code */
  constructor(code) {
    this.code = code;
  }
}

/**
 * Instantiates a command-line program and returns its only run.
 * @param {WebAssembly.Module} module
 */
export function prepareProgram(module) {
  /** @type {Program} */
  const program = {
    args: [],
    input: new Uint8Array(0),
    printed: [],
    written: [],
    get memory() {
      return /** @type {WebAssembly.Memory} */ (instance.exports['memory']).buffer;
    },
  };
  const wasi = { ...processCalls(program), ...descriptorCalls(program), ...streamCalls(program) };
  const instance = new WebAssembly.Instance(module, { wasi_snapshot_preview1: wasi });
  const encoder = new TextEncoder();

  /**
   * @param {readonly string[]} args none with a NUL in it
   * @param {string} [input] what it reads from standard input
   * @returns {{ printed: string, written: Uint8Array<ArrayBuffer> }} Throws when the program fails.
   */
  return function run(args, input = '') {
    program.args = args.map((arg) => encoder.encode(`${arg}\0`));
    program.input = encoder.encode(input);
    try {
      /** @type {() => void} */ (instance.exports['_start'])();
    } catch (error) {
      if (!(error instanceof Exit)) throw error;
      if (error.code !== 0) throw new Error(`exit code ${error.code}`, { cause: error });
    }
    return {
      printed: Buffer.concat(program.printed).toString('latin1'),
      written: new Uint8Array(Buffer.concat(program.written)),
    };
  };
}

/**
 * @param {Program} program
 * @returns {Record<string, (...numbers: number[]) => number>}
 */
function processCalls(program) {
  return {
    args_sizes_get(count, size) {
      setNumber(program, count, program.args.length);
      setNumber(program, size, totalLength(program.args));
      return success;
    },
    args_get(pointers, address) {
      let end = address;
      for (const [index, arg] of program.args.entries()) {
        setNumber(program, pointers + index * 4, end);
        new Uint8Array(program.memory).set(arg, end);
        end += arg.length;
      }
      return success;
    },
    /** Only its benchmark asks for the time. */
    clock_time_get(_clock, _precision, address) {
      new DataView(program.memory).setBigUint64(address, 0n, true);
      return success;
    },
    proc_exit(code) {
      throw new Exit(code);
    },
  };
}

/**
 * @param {Program} program
 * @returns {Record<string, (...numbers: number[]) => number>}
 */
function descriptorCalls(program) {
  return {
    fd_prestat_get(descriptor, address) {
      if (descriptor !== root) return badDescriptor;
      setNumber(program, address, 0);
      setNumber(program, address + 4, '/'.length);
      return success;
    },
    fd_prestat_dir_name(_descriptor, address) {
      new Uint8Array(program.memory).set([0x2f], address);
      return success;
    },
    /** Whatever the name, it is the one file there is. */
    path_open(...numbers) {
      setNumber(program, numbers[8] ?? 0, file);
      return success;
    },
    fd_fdstat_get(descriptor, address) {
      const type = fileTypes.get(descriptor);
      if (type === undefined) return badDescriptor;
      // 24 bytes: the type, flags, and two words of rights, which are all granted.
      new Uint8Array(program.memory, address, 24).fill(0xff).fill(0, 0, 8).set([type]);
      return success;
    },
    fd_fdstat_set_flags: () => success,
    fd_seek: () => badDescriptor,
    fd_close: () => success,
  };
}

/**
 * @param {Program} program
 * @returns {Record<string, (...numbers: number[]) => number>}
 */
function streamCalls(program) {
  return {
    fd_read(_descriptor, list, count, total) {
      const before = program.input.length;
      for (const buffer of buffersAt(program, list, count)) {
        const piece = program.input.subarray(0, buffer.length);
        buffer.set(piece);
        program.input = program.input.subarray(piece.length);
      }
      setNumber(program, total, before - program.input.length);
      return success;
    },
    /** What it complains about on standard error is dropped: it quotes the text. */
    fd_write(descriptor, list, count, total) {
      const pieces = buffersAt(program, list, count).map((buffer) => buffer.slice());
      if (descriptor === stdout) program.printed.push(...pieces);
      if (descriptor === file) program.written.push(...pieces);
      setNumber(program, total, totalLength(pieces));
      return success;
    },
  };
}

/** @param {Program} program @param {number} list @param {number} count */
function buffersAt({ memory }, list, count) {
  const pointers = new DataView(memory);
  return Array.from({ length: count }, (_, index) => {
    const entry = list + index * 8;
    return new Uint8Array(memory, pointers.getUint32(entry, true), pointers.getUint32(entry + 4, true));
  });
}

/** @param {Program} program @param {number} address @param {number} value */
function setNumber({ memory }, address, value) {
  new DataView(memory).setUint32(address, value, true);
}

/** @param {readonly Uint8Array[]} pieces */
function totalLength(pieces) {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}
