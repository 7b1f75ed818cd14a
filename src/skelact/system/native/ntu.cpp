// Parses NTU RGB+D's text format in one pass, for data/readers/ntu_native.py. Irregular files are refused.
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace {

constexpr int64_t JOINTS = 25, UNUSED = 9, MOST_BODIES = 32, MOST_IDS = 64, LONGEST_ID = 20, LONGEST_COUNT = 18;
constexpr int64_t EXACT_DIGITS = 15;
constexpr double POWERS[EXACT_DIGITS + 1] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                             1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

// Only letters of numbers, and one space or line end, \n or \r\n, after each word.
bool regular(const unsigned char* text, int64_t length) {
    if (length < 2 || text[0] <= ' ' || text[length - 1] != '\n') return false;
    unsigned char bad = 0;  // sums of comparisons, which g++ vectorises; it does not vectorise "or"
    for (int64_t i = 0; i < length - 1; i++) {
        const unsigned char here = text[i], next = text[i + 1];
        const unsigned char mark = (here == ' ') + (here == '\n');
        unsigned char known = mark + (here == '\r' ? next == '\n' : 0);
        known += (unsigned char)(here - '0') < 10;
        known += here == '.';
        known += here == '-';
        known += here == '+';
        known += (here | 32) == 'e';
        bad |= (unsigned char)(known ^ 1) | (mark & (unsigned char)(next <= ' '));
    }
    return !bad;
}

// Up to eight digits from an address on: how many, and their value. Eight letters are read as one number, whose lowest
// byte is the first letter.
struct Digits {
    int64_t count, value;

    explicit Digits(const char* at) {
        static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "letters are taken for a little-endian number");
        uint64_t letters;
        std::memcpy(&letters, at, sizeof letters);
        letters ^= 0x3030303030303030;  // digits are 0 to 9 now, everything else is more
        const uint64_t others = ((letters + 0x7676767676767676) | letters) & 0x8080808080808080;
        count = others ? __builtin_ctzll(others) / 8 : 8;
        // Zeros in front, then numbers of two digits in every other byte, then of four, then of eight.
        letters = count ? letters << 8 * (8 - count) : 0;
        letters = letters * 10 + (letters >> 8);
        const uint64_t pairs = 0x000000ff000000ff, first = 100 + (1000000ull << 32), second = 1 + (10000ull << 32);
        value = int64_t(((letters & pairs) * first + (letters >> 16 & pairs) * second) >> 32);
    }
};

// A position in a regular text; `good` turns false at the first irregularity.
struct Reader {
    const char *at, *end;
    bool good = true;

    // The word up to the next space or line end, which is skipped.
    const char* word(bool ends_line, int64_t longest, const char*& stop) {
        const char* start = at;
        while (at < end && (unsigned char)*at > ' ') at++;
        stop = at;
        good = good && stop - start <= longest;
        if (ends_line && at < end && *at == '\r') at++;
        good = good && at < end && *at == (ends_line ? '\n' : ' ');
        at += good;
        return start;
    }

    // A line with one whole number.
    int64_t count() {
        const char* stop;
        const char* start = word(true, LONGEST_COUNT, stop);
        good = good && start < stop;
        int64_t number = 0;
        for (; good && start < stop; start++) {
            good = digit(*start);
            number = 10 * number + (*start - '0');
        }
        return good ? number : 0;
    }

    // Skips the rest of a line, which must have UNUSED words.
    void unused() {
        const char* stop = good ? (const char*)std::memchr(at, '\n', size_t(end - at)) : nullptr;
        if (!stop) return void(good = false);
        int64_t spaces = 0;
        for (const char* letter = at; letter < stop; letter++) spaces += *letter == ' ';
        good = spaces == UNUSED - 1;
        at = stop + 1;
    }

    // A number and the space after it, rounded as by float() and then float32.
    float number() {
        const char* start = at;
        if (!good || at == end) return good = false;  // from here on the last line end of the text stops it
        const bool minus = *at == '-';
        at += *at == '-' || *at == '+';
        const char* first = at;
        int64_t whole = 0, digits = 0, behind = 0;
        for (; digit(*at) && digits <= EXACT_DIGITS; at++, digits++) whole = 10 * whole + (*at - '0');
        if (*at == '.') {
            at++;
            if (end - at >= 8 && digits + 8 <= EXACT_DIGITS) {
                const Digits some(at);
                whole = whole * int64_t(POWERS[some.count]) + some.value;
                behind = some.count, at += behind;
            }
            for (; digit(*at) && digits + behind <= EXACT_DIGITS; at++, behind++)
                whole = 10 * whole + (*at - '0');
        }
        double value = 0;
        if (digits + behind > 0 && digits + behind <= EXACT_DIGITS && *at == ' ') {
            value = double(whole) / POWERS[behind];  // both are exact, so this is rounded once
        } else {
            const char* stop;
            at = start;
            word(false, end - start, stop);
            at -= good;
            // from_chars would accept a second sign.
            const auto [after, error] = std::from_chars(first, stop, value);
            good = good && error == std::errc() && after == stop && *first != '-';
        }
        at += good;
        const float rounded = float(minus ? -value : value);
        good = good && std::isfinite(rounded);
        return rounded;
    }

    static bool digit(char letter) { return letter >= '0' && letter <= '9'; }
};

// The ids of a file in order of appearance.
struct Ids {
    const char* names[MOST_IDS];
    int64_t lengths[MOST_IDS], count = 0;

    // -1: not only digits, empty, or too many ids in the file.
    int64_t number(const char* name, int64_t length) {
        for (int64_t i = 0; i < count; i++)
            if (lengths[i] == length && !std::memcmp(names[i], name, size_t(length))) return i;
        bool good = length > 0 && count < MOST_IDS;
        for (int64_t i = 0; i < length; i++) good = good && Reader::digit(name[i]);
        if (!good) return -1;
        names[count] = name, lengths[count] = length;
        return count++;
    }
};

}  // namespace

// Reads all bodies of a file: three numbers each into `keys` (frame, slot, number of the body by first appearance of
// its id), 75 into `joints`; the number of frames into `frames`. Returns the number of bodies, at most `room`, or -1
// for an irregular file.
extern "C" int64_t read_ntu(const char* text, int64_t length, int64_t room, int64_t* keys, float* joints,
                            int64_t* frames) {
    if (!regular((const unsigned char*)text, length)) return -1;
    Reader reader{text, text + length};
    Ids ids;
    int64_t bodies = 0;
    *frames = reader.count();
    for (int64_t frame = 0; frame < *frames; frame++) {
        const int64_t here = reader.count();
        if (!reader.good || here > MOST_BODIES || bodies + here > room) return -1;
        const int64_t* first = keys + 3 * bodies;
        for (int64_t slot = 0; slot < here; slot++, bodies++) {
            const char* stop;
            const char* id = reader.word(false, LONGEST_ID, stop);
            const int64_t number = ids.number(id, stop - id);
            bool good = number >= 0;
            for (const int64_t* other = first; other < keys + 3 * bodies; other += 3) good = good && other[2] != number;
            const int64_t key[] = {frame, slot, number};
            std::memcpy(keys + 3 * bodies, key, sizeof key);
            reader.unused();
            const char* count = reader.word(true, 2, stop);
            if (!good || !reader.good || stop - count != 2 || std::memcmp(count, "25", 2)) return -1;
            for (int64_t joint = 0; joint < JOINTS; joint++) {
                for (int64_t axis = 0; axis < 3; axis++) *joints++ = reader.number();
                reader.unused();
            }
            if (!reader.good) return -1;
        }
    }
    return reader.good && reader.at == reader.end && bodies ? bodies : -1;
}
