/** Durations, sizes and times as people read them. */

/** `84 ms`, `2.1 s`, `1:12`, `1:02:03`. */
export function formatMs(ms: number): string {
  if (ms < 999.5) return `${ms < 9.95 ? Math.round(ms * 10) / 10 : Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  return formatClock(ms / 1000);
}

/** `0:38`, `1:02:03`: for what ticks. */
export function formatClock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const two = (n: number) => String(n).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** `12 s ago`, `3 min ago`, `2 d ago`. */
export function formatAge(seconds: number): string {
  if (seconds < 1) return 'now';
  if (seconds < 120) return `${Math.floor(seconds)} s ago`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

/** `612 MB`, `1.9 GB`; kB are 1024 bytes. */
export function formatKb(kb: number): string {
  if (kb < 1024) return `${Math.round(kb)} kB`;
  const mb = kb / 1024;
  return mb < 1024 ? `${Math.round(mb)} MB` : `${(mb / 1024).toFixed(1)} GB`;
}

/** `812 B`, `20 kB`, `1.9 GB`. */
export const formatBytes = (bytes: number): string => (bytes < 1024 ? `${bytes} B` : formatKb(bytes / 1024));

/** `2024-09-25 16:47:17` by the clock of who looks. */
export function formatTime(at: number): string {
  const date = new Date(at);
  const two = (n: number) => String(n).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

export const isoTime = (at: number): string => new Date(at).toISOString();

export const counted = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;
