/** Text that others wrote. It only ever becomes text nodes; characters that would not be seen, or that reorder their
 * neighbours, are shown by their code points. */
import { Fragment, type ReactNode } from 'react';

const NAMES: Record<number, string> = {
  0x00ad: 'soft hyphen', 0x061c: 'Arabic letter mark', 0x180e: 'Mongolian vowel separator', 0x200b: 'zero width space',
  0x200c: 'zero width non-joiner', 0x200d: 'zero width joiner', 0x200e: 'left-to-right mark', 0x200f: 'right-to-left mark',
  0x202a: 'left-to-right embedding', 0x202b: 'right-to-left embedding', 0x202c: 'pop directional formatting',
  0x202d: 'left-to-right override', 0x202e: 'right-to-left override', 0x2060: 'word joiner',
  0x2066: 'left-to-right isolate', 0x2067: 'right-to-left isolate', 0x2068: 'first strong isolate',
  0x2069: 'pop directional isolate', 0xfeff: 'zero width no-break space',
};
// Controls but tab and line feed, format characters, private use, lone surrogates, unusual spaces and separators,
// variation selectors, fillers.
const UNSEEN = /(?![\t\n ])[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zs}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0\u034f\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gu;

function Control({ character }: { character: string }) {
  const code = character.codePointAt(0) ?? 0;
  const shown = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  return (
    <span className="control" title={NAMES[code] ?? shown}>
      {shown}
    </span>
  );
}

export function Plain({ text }: { text: string }): ReactNode {
  const parts: ReactNode[] = [];
  let position = 0;
  for (const found of text.matchAll(UNSEEN)) {
    parts.push(text.slice(position, found.index), <Control key={found.index} character={found[0]} />);
    position = found.index + found[0].length;
  }
  parts.push(text.slice(position));
  return <bdi>{parts.map((part, index) => <Fragment key={index}>{part}</Fragment>)}</bdi>;
}

export type Mark = { start: number; end: number; action: string; title: string };
const STRENGTH = ['off', 'flag', 'redact', 'block'];

/** A text with marks on it; where marks overlap, the strongest shows. Offsets count code points, as the server does. */
export function Marked({ text, marks }: { text: string; marks: Mark[] }) {
  const letters = Array.from(text);
  const edges = new Set([0, letters.length, ...marks.flatMap((mark) => [mark.start, mark.end])]);
  const cuts = [...edges].filter((edge) => edge >= 0 && edge <= letters.length).sort((a, b) => a - b);
  return (
    <pre className="quote">
      {cuts.slice(0, -1).map((start, index) => {
        const piece = letters.slice(start, cuts[index + 1]).join('');
        const over = marks.filter((mark) => mark.start <= start && mark.end > start);
        const strongest = over.sort((a, b) => STRENGTH.indexOf(b.action) - STRENGTH.indexOf(a.action))[0];
        if (!strongest) return <Plain key={start} text={piece} />;
        return (
          <mark key={start} className={`mark-${strongest.action}`} title={over.map((mark) => mark.title).join('\n')}>
            <Plain text={piece} />
          </mark>
        );
      })}
    </pre>
  );
}
