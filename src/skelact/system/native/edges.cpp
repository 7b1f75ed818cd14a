// Sums over the edges of a joint graph, for encoders/joints/spatial_native.py.
#include "numbers.h"

namespace {

constexpr int64_t BLOCK = 2048;  // about as many numbers as stay in the first-level cache

// The edges into one joint. Partition k has edges starts[k] to before starts[k + 1]; edge e comes from joint sources[e]
// and has weight values[numbers[e]].
struct Into {
    int64_t partitions;
    const int64_t *starts, *sources, *numbers;
    const float* values;
};

// Blocks of rows: (rows, channels) of each joint, (rows, partitions x channels) of the gathered array.
struct Rows {
    int64_t rows, channels, block, blocks, size;

    Rows(int64_t rows, int64_t channels)
        : rows(rows),
          channels(channels),
          block(std::max<int64_t>(1, BLOCK / channels)),
          blocks((rows + block - 1) / block),
          size(rows * channels) {}

    int64_t of(int64_t number) const { return std::min(block, rows - number * block); }
};

// move(wide index, narrow index) for each number of `rows` rows: wide rows are `width` apart, narrow rows adjacent.
// With a compile-time number of channels the loops are several times as fast.
template <int64_t channels, class Move>
void each(int64_t rows, int64_t width, Move move) {
    for (int64_t row = 0; row < rows; row++)
        for (int64_t c = 0; c < channels; c++) move(row * width + c, row * channels + c);
}

template <class Move>
void each(int64_t rows, int64_t channels, int64_t width, Move move) {
    switch (channels) {
        case 16: return each<16>(rows, width, move);
        case 32: return each<32>(rows, width, move);
        case 64: return each<64>(rows, width, move);
    }
    for (int64_t row = 0; row < rows; row++)
        for (int64_t c = 0; c < channels; c++) move(row * width + c, row * channels + c);
}

// out[., k, .] = sum over the edges of partition k of value * x[source]
template <class T>
void gather(const T* x, const Rows& in, const Into& into, T* out, int64_t threads) {
    const int64_t channels = in.channels, width = into.partitions * channels;
#pragma omp parallel num_threads(threads)
    {
        std::vector<float> buffer(in.block * channels);
        float* sum = buffer.data();
#pragma omp for
        for (int64_t b = 0; b < in.blocks; b++) {
            const int64_t rows = in.of(b), length = rows * channels;
            for (int64_t k = 0; k < into.partitions; k++) {
                std::fill(sum, sum + length, 0.0f);
                for (int64_t e = into.starts[k]; e < into.starts[k + 1]; e++) {
                    const float value = into.values[into.numbers[e]];
                    const T* from = x + into.sources[e] * in.size + b * in.block * channels;
                    for (int64_t i = 0; i < length; i++) sum[i] += value * load(from[i]);
                }
                T* to = out + b * in.block * width + k * channels;
                each(rows, channels, width, [=](int64_t wide, int64_t narrow) { store(to[wide], sum[narrow]); });
            }
        }
    }
}

// For each edge, from g[., k, .] of its partition: d_values = the sum of x[source] * g, and d_x[source] += value * g.
template <class T>
void scatter(const T* x, const Rows& in, const Into& into, const T* g, T* d_x, float* d_values, int64_t threads) {
    const int64_t channels = in.channels, width = into.partitions * channels, edges = into.starts[into.partitions];
    std::vector<double> parts(in.blocks * edges);
#pragma omp parallel num_threads(threads)
    {
        std::vector<float> buffer(in.block * channels);
        float* given = buffer.data();
#pragma omp for
        for (int64_t b = 0; b < in.blocks; b++) {
            const int64_t rows = in.of(b), length = rows * channels;
            for (int64_t k = 0; k < into.partitions; k++) {
                const T* wide_g = g + b * in.block * width + k * channels;
                each(rows, channels, width, [=](int64_t wide, int64_t narrow) { given[narrow] = load(wide_g[wide]); });
                for (int64_t e = into.starts[k]; e < into.starts[k + 1]; e++) {
                    const float value = into.values[into.numbers[e]];
                    const int64_t offset = into.sources[e] * in.size + b * in.block * channels;
                    const T* from = x + offset;
                    T* to = d_x + offset;
                    float product = 0;
#pragma omp simd reduction(+ : product)
                    for (int64_t i = 0; i < length; i++) {
                        product += load(from[i]) * given[i];
                        store(to[i], load(to[i]) + value * given[i]);
                    }
                    parts[b * edges + e] = product;
                }
            }
        }
    }
    for (int64_t e = 0; e < edges; e++) {
        double sum = 0;
        for (int64_t b = 0; b < in.blocks; b++) sum += parts[b * edges + e];
        d_values[into.numbers[e]] = float(sum);
    }
}

}  // namespace

// Functions called from Python (spatial_native.py), for one dtype.
#define FOR_TYPE(NAME, T)                                                                                              \
    extern "C" void gather_##NAME(const T* x, int64_t rows, int64_t channels, int64_t partitions,                      \
                                  const int64_t* starts, const int64_t* sources, const int64_t* numbers,               \
                                  const float* values, T* out, int64_t threads) {                                      \
        gather(x, Rows(rows, channels), {partitions, starts, sources, numbers, values}, out, threads);                 \
    }                                                                                                                  \
    extern "C" void scatter_##NAME(const T* x, int64_t rows, int64_t channels, int64_t partitions,                     \
                                   const int64_t* starts, const int64_t* sources, const int64_t* numbers,              \
                                   const float* values, const T* g, T* d_x, float* d_values, int64_t threads) {        \
        scatter(x, Rows(rows, channels), {partitions, starts, sources, numbers, values}, g, d_x, d_values, threads);   \
    }

FOR_TYPE(float32, float)
FOR_TYPE(bfloat16, BFloat16)
