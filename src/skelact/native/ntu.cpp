// NTU RGB+D's text format in one go: what data/readers/ntu_native.py calls. Whatever is irregular is refused.
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace {

constexpr int64_t JOINTS = 25, UNUSED = 9, MOST_BODIES = 32, LONGEST_ID = 20, LONGEST_COUNT = 18, EXACT_DIGITS = 15;
constexpr double POWERS[EXACT_DIGITS + 1] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                             1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

// Only letters of numbers, and one space or line end, \n or \r\n, behind each word.
bool regular(const unsigned char* text, int64_t length) {
    if (length < 2 || text[0] <= ' ' || text[length - 1] != '\n') return false;
    unsigned char bad = 0;  // sums of comparisons, of which g++ makes vectors; of their "or" it makes none
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

// A place in a regular text; `good` is whether all was there that was read.
struct Reader {
    const char *place, *end;
    bool good = true;

    // The word up to the next space or line end, which is passed.
    const char* word(bool ends_line, int64_t longest, const char*& stop) {
        const char* start = place;
        while (place < end && (unsigned char)*place > ' ') place++;
        stop = place;
        good = good && stop - start <= longest;
        if (ends_line && place < end && *place == '\r') place++;
        good = good && place < end && *place == (ends_line ? '\n' : ' ');
        place += good;
        return start;
    }

    // A line with one number of digits alone.
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

    // The rest of a line, which must have as many words as are not used.
    void unused() {
        const char* stop = good ? (const char*)std::memchr(place, '\n', size_t(end - place)) : nullptr;
        if (!stop) return void(good = false);
        int64_t spaces = 0;
        for (const char* letter = place; letter < stop; letter++) spaces += *letter == ' ';
        good = spaces == UNUSED - 1;
        place = stop + 1;
    }

    // A number with a space behind it, rounded as float() and then float32 do.
    float number() {
        const char* start = place;
        if (!good || place == end) return good = false;  // from here on the line end that is last of all stops it
        const bool minus = *place == '-';
        place += *place == '-' || *place == '+';
        const char* first = place;
        int64_t whole = 0, digits = 0;
        for (; digit(*place) && digits <= EXACT_DIGITS; place++, digits++) whole = 10 * whole + (*place - '0');
        int64_t behind = 0;
        if (*place == '.')
            for (place++; digit(*place) && digits + behind <= EXACT_DIGITS; place++, behind++)
                whole = 10 * whole + (*place - '0');
        double value = 0;
        if (digits + behind > 0 && digits + behind <= EXACT_DIGITS && *place == ' ') {
            value = double(whole) / POWERS[behind];  // both are exact, so this is rounded once
        } else {
            const char* stop;
            place = start;
            word(false, end - start, stop);
            place -= good;
            // A second sign would be taken for the number's own.
            const auto [after, error] = std::from_chars(first, stop, value);
            good = good && error == std::errc() && after == stop && *first != '-';
        }
        place += good;
        const float rounded = float(minus ? -value : value);
        good = good && std::isfinite(rounded);
        return rounded;
    }

    static bool digit(char letter) { return letter >= '0' && letter <= '9'; }
};

}  // namespace

// All bodies of a file: four numbers each in `places` (frame, slot, where its id starts and stops), 75 in `joints`.
// Returns how many there are, at most `room`, and -1 for any irregularity; the number of frames goes to `frames`.
extern "C" int64_t read_ntu(const char* text, int64_t length, int64_t room, int64_t* places, float* joints,
                            int64_t* frames) {
    if (!regular((const unsigned char*)text, length)) return -1;
    Reader reader{text, text + length};
    int64_t bodies = 0;
    *frames = reader.count();
    for (int64_t frame = 0; frame < *frames; frame++) {
        const int64_t here = reader.count();
        if (!reader.good || here > MOST_BODIES || bodies + here > room) return -1;
        const int64_t* first = places + 4 * bodies;
        for (int64_t slot = 0; slot < here; slot++, bodies++) {
            const char* stop;
            const char* id = reader.word(false, LONGEST_ID, stop);
            bool good = id < stop;
            for (const char* letter = id; letter < stop; letter++) good = good && Reader::digit(*letter);
            for (const int64_t* other = first; other < places + 4 * bodies; other += 4)
                good = good && !(other[3] - other[2] == stop - id && !std::memcmp(text + other[2], id, size_t(stop - id)));
            const int64_t place[] = {frame, slot, id - text, stop - text};
            std::memcpy(places + 4 * bodies, place, sizeof place);
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
    return reader.good && reader.place == reader.end && bodies ? bodies : -1;
}
