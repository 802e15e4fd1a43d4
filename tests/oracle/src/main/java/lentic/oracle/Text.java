package lentic.oracle;

import org.apache.kafka.streams.kstream.Windowed;

/** The small functions on text that the topologies share; `TOPOLOGIES.md` names them in its preamble. */
final class Text {
    private static final int CLIP = 40;

    private Text() {}

    /** shown(x): x, or `~` if x is null. */
    static String shown(Object x) {
        return x == null ? "~" : x.toString();
    }

    /** letter(v): the first character of v as a string; null if v is null or empty. */
    static String letter(String v) {
        return v == null || v.isEmpty() ? null : v.substring(0, 1);
    }

    /** low(v): v is not null, not empty, and its first character is at most `c`. */
    static boolean low(String v) {
        return v != null && !v.isEmpty() && v.charAt(0) <= 'c';
    }

    /** starts(v, c): v is not null and starts with c. */
    static boolean starts(String v, String c) {
        return v != null && v.startsWith(c);
    }

    /** clip(x): the last 40 characters of x (all of it if shorter). */
    static String clip(String x) {
        return x.length() <= CLIP ? x : x.substring(x.length() - CLIP);
    }

    /** join(a, op, b): clip(shown(a) + op + shown(b)). */
    static String join(String a, String op, String b) {
        return clip(shown(a) + op + shown(b));
    }

    /** pair(l, r): shown(l) + "/" + shown(r). */
    static String pair(String l, String r) {
        return shown(l) + "/" + shown(r);
    }

    /** A key or value as a trace writes it. */
    static String token(Object x) {
        if (x == null) {
            return "~";
        }
        if (x instanceof Windowed<?> w) {
            return shown(w.key()) + "@[" + w.window().start() + "," + w.window().end() + "]";
        }
        String text = x.toString();
        return text.isEmpty() ? "\"\"" : text;
    }

    /** A token of a case, as a key or value. */
    static String parse(String token) {
        if (token.equals("~")) {
            return null;
        }
        return token.equals("\"\"") ? "" : token;
    }
}
