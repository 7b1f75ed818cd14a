// Sums over the edges of a graph of joints: native twins of the loops of encoders/joints/spatial.py.
#include "numbers.h"

namespace {

constexpr int64_t BLOCK = 2048;  // numbers that stay in the first-level cache from one edge to the next

// The edges into one joint: those of partition k are starts[k] to before starts[k + 1]; edge e comes from joint
// sources[e] and weighs values[numbers[e]].
struct Into {
    int64_t partitions;
    const int64_t *starts, *sources, *numbers;
    const float* values;
};

// out[k] = sum over the edges of partition k of value * x[source]; arrays of `size` numbers a joint.
template <class T>
void gather(const T* x, int64_t size, const Into& into, T* out, int64_t threads) {
#pragma omp parallel for num_threads(threads)
    for (int64_t start = 0; start < size; start += BLOCK) {
        const int64_t length = std::min(BLOCK, size - start);
        float sum[BLOCK];
        for (int64_t k = 0; k < into.partitions; k++) {
            std::fill(sum, sum + length, 0.0f);
            for (int64_t e = into.starts[k]; e < into.starts[k + 1]; e++) {
                const float value = into.values[into.numbers[e]];
                const T* from = x + into.sources[e] * size + start;
                for (int64_t i = 0; i < length; i++) sum[i] += value * load(from[i]);
            }
            T* to = out + k * size + start;
            for (int64_t i = 0; i < length; i++) store(to[i], sum[i]);
        }
    }
}

// For each edge, from g[k] of its partition: d_values = the sum of x[source] * g[k], and d_x[source] += value * g[k].
template <class T>
void scatter(const T* x, int64_t size, const Into& into, const T* g, T* d_x, float* d_values, int64_t threads) {
    const int64_t edges = into.starts[into.partitions], blocks = (size + BLOCK - 1) / BLOCK;
    std::vector<double> parts(blocks * edges);
#pragma omp parallel for num_threads(threads)
    for (int64_t block = 0; block < blocks; block++) {
        const int64_t start = block * BLOCK, length = std::min(BLOCK, size - start);
        float given[BLOCK];
        for (int64_t k = 0; k < into.partitions; k++) {
            for (int64_t i = 0; i < length; i++) given[i] = load(g[k * size + start + i]);
            for (int64_t e = into.starts[k]; e < into.starts[k + 1]; e++) {
                const float value = into.values[into.numbers[e]];
                const T* from = x + into.sources[e] * size + start;
                T* to = d_x + into.sources[e] * size + start;
                float product = 0;
#pragma omp simd reduction(+ : product)
                for (int64_t i = 0; i < length; i++) {
                    product += load(from[i]) * given[i];
                    store(to[i], load(to[i]) + value * given[i]);
                }
                parts[block * edges + e] = product;
            }
        }
    }
    for (int64_t e = 0; e < edges; e++) {
        double sum = 0;
        for (int64_t block = 0; block < blocks; block++) sum += parts[block * edges + e];
        d_values[into.numbers[e]] = float(sum);
    }
}

}  // namespace

// What Python calls (spatial.py), for one type of numbers.
#define FOR_TYPE(NAME, T)                                                                                              \
    extern "C" void gather_##NAME(const T* x, int64_t size, int64_t partitions, const int64_t* starts,                 \
                                  const int64_t* sources, const int64_t* numbers, const float* values, T* out,         \
                                  int64_t threads) {                                                                   \
        gather(x, size, {partitions, starts, sources, numbers, values}, out, threads);                                 \
    }                                                                                                                  \
    extern "C" void scatter_##NAME(const T* x, int64_t size, int64_t partitions, const int64_t* starts,                \
                                   const int64_t* sources, const int64_t* numbers, const float* values, const T* g,    \
                                   T* d_x, float* d_values, int64_t threads) {                                         \
        scatter(x, size, {partitions, starts, sources, numbers, values}, g, d_x, d_values, threads);                   \
    }

FOR_TYPE(float32, float)
FOR_TYPE(bfloat16, BFloat16)
