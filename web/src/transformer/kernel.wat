;; The products of the model: x Wᵀ, four columns of the result at a time, four numbers of each in one instruction.
;;
;; x    [rows, inner]      float32, row by row
;; w    [columns, inner]   a learned matrix as PyTorch has it: a row is what one number of the result is made with
;; out  [rows, columns]
;;
;; inner and columns are multiples of 4 (products.ts fills up with zeros), so nothing is left over here.
;; Four rows of w stay in the nearest cache while every row of x passes: w, the larger one, comes from memory once.
;; web/kernel.mjs makes kernel.ts of this file, and a test holds that it is the same to the byte.

(module
  (import "page" "memory" (memory 1))

  (func (export "product")
    (param $x i32) (param $rows i32) (param $w i32) (param $columns i32) (param $inner i32) (param $out i32)
    (local $bytes i32)   ;; of a row of x and of w
    (local $column i32) (local $row i32)
    (local $a i32) (local $end i32)   ;; where in x, and where its row ends
    (local $b0 i32) (local $b1 i32) (local $b2 i32) (local $b3 i32)   ;; where in four rows of w
    (local $four v128)
    (local $s0 v128) (local $s1 v128) (local $s2 v128) (local $s3 v128)   ;; their sums, each in four parts

    (local.set $bytes (i32.shl (local.get $inner) (i32.const 2)))
    (loop $columns_left
      (local.set $row (i32.const 0))
      (local.set $a (local.get $x))
      (loop $rows_left
        (local.set $b0 (i32.add (local.get $w) (i32.mul (local.get $column) (local.get $bytes))))
        (local.set $b1 (i32.add (local.get $b0) (local.get $bytes)))
        (local.set $b2 (i32.add (local.get $b1) (local.get $bytes)))
        (local.set $b3 (i32.add (local.get $b2) (local.get $bytes)))
        (local.set $s0 (v128.const f32x4 0 0 0 0))
        (local.set $s1 (v128.const f32x4 0 0 0 0))
        (local.set $s2 (v128.const f32x4 0 0 0 0))
        (local.set $s3 (v128.const f32x4 0 0 0 0))
        (local.set $end (i32.add (local.get $a) (local.get $bytes)))
        (loop $inner_left
          (local.set $four (v128.load (local.get $a)))
          (local.set $s0 (f32x4.add (local.get $s0) (f32x4.mul (local.get $four) (v128.load (local.get $b0)))))
          (local.set $s1 (f32x4.add (local.get $s1) (f32x4.mul (local.get $four) (v128.load (local.get $b1)))))
          (local.set $s2 (f32x4.add (local.get $s2) (f32x4.mul (local.get $four) (v128.load (local.get $b2)))))
          (local.set $s3 (f32x4.add (local.get $s3) (f32x4.mul (local.get $four) (v128.load (local.get $b3)))))
          (local.set $b0 (i32.add (local.get $b0) (i32.const 16)))
          (local.set $b1 (i32.add (local.get $b1) (i32.const 16)))
          (local.set $b2 (i32.add (local.get $b2) (i32.const 16)))
          (local.set $b3 (i32.add (local.get $b3) (i32.const 16)))
          (br_if $inner_left (i32.lt_u (local.tee $a (i32.add (local.get $a) (i32.const 16))) (local.get $end))))

        ;; Four times four parts become four sums side by side: first the halves of s0 and s1, and of s2 and s3, …
        (local.set $s0 (f32x4.add
          (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $s0) (local.get $s1))
          (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $s0) (local.get $s1))))
        (local.set $s2 (f32x4.add
          (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $s2) (local.get $s3))
          (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $s2) (local.get $s3))))
        ;; … then what is left of all four.
        (v128.store
          (i32.add (local.get $out) (i32.shl
            (i32.add (i32.mul (local.get $row) (local.get $columns)) (local.get $column)) (i32.const 2)))
          (f32x4.add
            (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $s0) (local.get $s2))
            (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $s0) (local.get $s2))))
        (br_if $rows_left (i32.lt_u (local.tee $row (i32.add (local.get $row) (i32.const 1))) (local.get $rows))))
      (br_if $columns_left (i32.lt_u (local.tee $column (i32.add (local.get $column) (i32.const 4))) (local.get $columns)))))
)
