// The table: a row for each case, a column for each side with what became of the words and how long it took.

const nameWidth = 21;
const widths = [5, 6, 6, 8, 8, 6];
const sideWidth = widths.reduce((sum, width) => sum + width) + 1;
const lastTime = { stt: 'latest', tts: 'silence' };

function line(name, columns) {
  return [name.padEnd(nameWidth), ...columns.map((column) => column.padEnd(sideWidth))].join('|').trimEnd();
}

function cells(values) {
  return values.map((value, index) => String(value).padStart(widths[index])).join('');
}

/** Before the first row of a stage. */
export function tellStage({ stage, sides }) {
  const head = cells(['lost', 'again', 'order', 'noticed', lastTime[stage], 'ended']);
  console.log(
    `\n${line(
      '',
      sides.map(({ name }) => ` ${name}`),
    )}`,
  );
  console.log(
    line(
      `${stage} case`,
      sides.map(() => head),
    ),
  );
}

export function tellRow({ id, sides }) {
  const columns = sides.map(({ runs, notRun }) =>
    notRun === undefined ? figuresOf(runs) : ` not run: ${notRun}`,
  );
  console.log(line(id.split('/')[1], columns));
}

/** Words are added up over all runs; of times the worst is told. */
function figuresOf(runs) {
  const sum = (kind) => runs.reduce((total, { count }) => total + count[kind].length, 0);
  const ends = [...new Set(runs.map(({ end }) => end))];
  return cells([
    sum('lost'),
    sum('repeated'),
    sum('disordered'),
    worst(runs, 'noticedMs'),
    worst(runs, 'lateMs'),
    ends.length === 1 ? ends[0] : 'mixed',
  ]);
}

/** In ms, rounded; a star where not every run has it. */
function worst(runs, name) {
  const known = runs.map((run) => run[name]).filter((value) => value !== undefined);
  if (known.length === 0) return '–';
  return `${Math.round(Math.max(...known))}${known.length < runs.length ? '*' : ''}`;
}
