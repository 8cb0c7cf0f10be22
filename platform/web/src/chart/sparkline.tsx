/** A small line without axes, beside a figure that says the present value. */
export function Sparkline({ values, errors, width = 96, height = 22 }: { values: (number | null)[]; errors?: (number | null)[]; width?: number; height?: number }) {
  const top = Math.max(1e-9, ...values.map((v) => v ?? 0), ...(errors ?? []).map((v) => v ?? 0));
  return (
    <svg class="spark" width={width} height={height} viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
      <path class="spark-line" d={stroke(values, top, width, height)} />
      {errors?.some((v) => v !== null && v > top / 50) && <path class="spark-errors" d={stroke(errors.map((v) => (v ? v : null)), top, width, height)} />}
    </svg>
  );
}

function stroke(values: (number | null)[], top: number, width: number, height: number): string {
  const stepX = width / Math.max(1, values.length - 1);
  let path = "";
  let pen = "M";
  for (const [i, value] of values.entries()) {
    if (value === null) {
      pen = "M";
      continue;
    }
    path += `${pen}${(i * stepX).toFixed(1)} ${(height - 1.5 - (value / top) * (height - 3)).toFixed(1)}`;
    pen = "L";
  }
  return path;
}
