export function Logo() {
  return <img src="/icon.svg" width={22} height={22} alt="" />;
}
