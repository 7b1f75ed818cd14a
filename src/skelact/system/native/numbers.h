// Number types and rows of numbers, shared by all kernels.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

// PyTorch's bfloat16: the upper half of a float.
struct BFloat16 {
    uint16_t bits;
};

inline float load(float number) { return number; }

inline float load(BFloat16 number) {
    const uint32_t bits = uint32_t(number.bits) << 16;
    float result;
    std::memcpy(&result, &bits, sizeof result);
    return result;
}

inline void store(float& target, float number) { target = number; }

// Rounds to nearest, ties to even; NaN stays NaN.
inline void store(BFloat16& target, float number) {
    uint32_t bits;
    std::memcpy(&bits, &number, sizeof bits);
    const uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    target.bits = uint16_t(number != number ? 0x7fc0 : rounded);
}

// An array whose last axis is channels, cut into rows of whole positions that are long enough for vector instructions,
// and those into pieces that stay in a core's cache. The last row and the last piece may be shorter.
struct Cut {
    static constexpr int64_t row_size = 1024, rows_per_piece = 32;

    int64_t channels, row, piece, size, pieces;

    Cut(int64_t size, int64_t channels)
        : channels(channels),
          row(channels * std::max<int64_t>(1, row_size / channels)),
          piece(row * rows_per_piece),
          size(size),
          pieces((size + piece - 1) / piece) {}

    // work(start, length) for each row of a piece.
    template <class Work>
    void rows_of(int64_t number, Work work) const {
        const int64_t end = std::min(size, (number + 1) * piece);
        for (int64_t start = number * piece; start < end; start += row) work(start, std::min(row, end - start));
    }

    int64_t positions_of(int64_t number) const {
        return (std::min(size, (number + 1) * piece) - number * piece) / channels;
    }

    // One number a channel, repeated along a row.
    std::vector<float> along(const float* numbers) const {
        std::vector<float> repeated(row);
        for (int64_t i = 0; i < row; i++) repeated[i] = numbers[i % channels];
        return repeated;
    }

    // The numbers of a row summed by channel.
    void fold(const std::vector<float>& summed, double* sums) const {
        std::fill(sums, sums + channels, 0.0);
        for (int64_t start = 0; start < row; start += channels)
            for (int64_t c = 0; c < channels; c++) sums[c] += summed[start + c];
    }
};
